"""The pickles of emotion recognition in conversations."""
