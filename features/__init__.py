"""Extractors, which turn the stream of one utterance into numbers without knowing corpora, paths or labels."""
