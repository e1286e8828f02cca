"""Networks: torch modules, their inputs, their training, sequences."""
