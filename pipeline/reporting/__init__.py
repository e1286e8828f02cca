"""The page and its pictures."""
