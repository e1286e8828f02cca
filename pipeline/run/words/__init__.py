"""Recognise missing words and align word times for the utterances of a corpus, on workers."""
