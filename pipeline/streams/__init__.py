"""One recording and its spans in, clean synchronised streams out."""
