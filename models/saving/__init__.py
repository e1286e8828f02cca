"""Fitted models on disk without pickles: written, checked and loaded."""
