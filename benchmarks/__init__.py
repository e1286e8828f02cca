"""Speed and memory, measured as ratios within one run: `python -m benchmarks.run --help`."""
