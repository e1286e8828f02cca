"""From arrays to predictions and their honest scores. Knows no file."""
