"""Training: choose the configurations, read their features, fit them on folds, and record what was fitted."""
