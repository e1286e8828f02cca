"""Commands that inspect files and run no stage: validate, status, verify, doctor, lists, and cache gc."""
