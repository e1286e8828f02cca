"""The same work with more workers, on more hosts, of more clips."""
