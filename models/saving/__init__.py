"""Fitted strategies on disk, without pickles: written, checked and loaded."""
