"""Commands that inspect and run no stage: validate, status, verify, doctor, lists, and cache gc."""
