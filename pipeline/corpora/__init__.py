"""One file a corpus: where its files are, how its labels read."""
