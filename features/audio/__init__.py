"""Audio extractors."""
