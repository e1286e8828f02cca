"""Running many clips: keys, cache, workers, failures, progress."""
