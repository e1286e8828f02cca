"""Fusion strategies: early, late and hybrid fusion, and attention."""
