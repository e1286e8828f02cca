"""Corpora: from the files on disk to one checked table of utterances."""
