"""Turn one recording and the spans of its utterances into clean, synchronised streams."""
