"""Benchmarks of speed and memory, which compare measurements within one run: `python -m benchmarks.run --help`."""
