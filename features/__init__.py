"""Frozen features: one utterance's stream in, numbers out. Independent of corpora, paths and labels."""
