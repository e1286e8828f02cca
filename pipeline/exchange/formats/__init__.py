"""Exchange formats, one file or folder each."""
