"""Neural networks: torch modules, their inputs, and their training."""
