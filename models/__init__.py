"""From arrays to predictions and their honest scores. Independent of files."""
