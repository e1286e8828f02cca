"""Models of utterances, their validation and their evaluation; this package works on arrays and reads no files."""
