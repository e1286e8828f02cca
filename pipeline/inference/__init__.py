"""Inference: a strategy fitted for use, what it needs to be given, and what it predicts."""
