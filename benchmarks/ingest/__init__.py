"""How accurate recognised words, word times and segment boundaries are, on clips for which these are known."""
