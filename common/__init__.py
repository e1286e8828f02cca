"""What features, models and pipeline share: names and registries, atomic files, one thread, words of a transcript."""
