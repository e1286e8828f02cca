"""Forced alignment: how the words of a known text are pronounced, and when each is spoken."""
