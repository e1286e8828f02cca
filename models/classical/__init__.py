"""Baselines, classifiers on pooled features, and the search for their settings."""
