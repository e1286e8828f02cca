"""Helpers shared by features, models and pipeline: registries, atomic writes, threads, signals, words, references."""
