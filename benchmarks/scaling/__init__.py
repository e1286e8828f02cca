"""Benchmarks of the same work with more workers, more hosts or more clips."""
