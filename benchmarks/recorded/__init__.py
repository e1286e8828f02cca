"""Ratios of earlier runs: written, compared and drawn."""
