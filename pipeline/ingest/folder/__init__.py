"""Turn a folder of recordings into the rows of a manifest: find files, and read names, labels and transcripts."""
