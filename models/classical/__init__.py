"""Baselines, classifiers on summaries, and the choice of their settings."""
