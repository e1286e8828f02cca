"""Divide long recordings into utterances: find where to cut, and write the rows of the manifest."""
