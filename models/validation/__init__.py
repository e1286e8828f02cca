"""How utterances are divided into folds, and the guard against leaks between them."""
