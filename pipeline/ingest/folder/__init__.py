"""From a folder of recordings to the rows of a manifest: the files, their names, the speakers and the words."""
