"""Metrics, their intervals and paired tests, permutation importance, Shapley values."""
