"""Estimate what computing the streams and features of a corpus will cost, before it runs."""
