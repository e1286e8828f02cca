"""Run steps over many clips: keys, cache, workers, failures, progress."""
