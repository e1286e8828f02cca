"""The stages of the pipeline: read files, call the rest, write files."""
