"""Tables that people write and that the stages write: how columns, names, numbers and spans are read and checked."""
