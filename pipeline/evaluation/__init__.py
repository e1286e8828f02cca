"""Evaluation: scores, tables, comparisons, robustness, importance and the control with permuted labels."""
