"""Frozen features: one utterance's stream in, numbers out. Knows no corpus, no path layout, no label."""
