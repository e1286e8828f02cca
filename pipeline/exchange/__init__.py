"""Import features from the files of other tools, and export the features of a corpus to their formats."""
