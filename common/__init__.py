"""Helpers shared by features, models and pipeline: names, registries, atomic writing, thread limits, words of texts."""
