"""Inference: a strategy fitted for use, the inputs that it needs, and its predictions."""
