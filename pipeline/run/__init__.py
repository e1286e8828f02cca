"""Running many clips: cache, workers, failures, progress."""
