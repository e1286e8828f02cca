"""Folds of a protocol, and the leak guard, which detects data shared by their training and test parts."""
