"""Selections of utterances for a first look at a large corpus."""
