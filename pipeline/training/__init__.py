"""Training: which configurations are fitted, what they read, fitting one on a fold, and the record of it."""
