"""Missing words and word times, made for the utterances of a corpus on workers."""
