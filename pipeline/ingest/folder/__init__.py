"""From a folder of recordings to the rows of a manifest: what is there, what it is called, who speaks, what is said."""
