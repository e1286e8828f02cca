"""Comparisons with other programs that do the same work on the same recordings."""
