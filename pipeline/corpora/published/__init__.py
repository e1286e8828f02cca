"""Published corpora, read as they are handed out: a corpus a file, long ones in two or three."""
