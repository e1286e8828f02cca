"""The pickles of papers on emotion recognition in conversations."""
