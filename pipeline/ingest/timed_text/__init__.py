"""Transcripts, subtitles and annotations as files: who said what from when to when; one module per format."""
