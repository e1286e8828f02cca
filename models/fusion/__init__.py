"""Fusion strategies: early, late, hybrid, attention."""
