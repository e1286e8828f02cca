"""Commands that look without running: validate, status, verify, doctor, lists of what there is, and cache gc."""
