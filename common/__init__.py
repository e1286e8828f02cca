"""What features, models and pipeline all need: names and registries, whole files, one thread, words of a transcript."""
