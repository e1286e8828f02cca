"""The pipeline: from recordings to streams, features, predictions and a table of results."""
