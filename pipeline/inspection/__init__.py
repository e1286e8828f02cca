"""Looking without running: validate, status, verify, doctor, and what a corpus is made of."""
