"""Read transcripts, subtitles and annotations: who said what, and when; one module per format."""
