"""Tables that people and stages write: how columns, names, numbers and times are read and checked."""
