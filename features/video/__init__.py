"""Video extractors."""
