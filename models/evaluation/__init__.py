"""Metrics with intervals and paired tests, permutation importance, and Shapley values."""
