"""Forced alignment of a known text: how its words are pronounced, and where they are in the sound."""
