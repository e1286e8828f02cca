"""Measure the accuracy of recognised words, word times and segment boundaries on clips for which these are known."""
