"""Training: which configurations are fitted, what they read, how one is fitted on a fold, and the record of it."""
