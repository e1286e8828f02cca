"""The commands of the command line, one file per section of its help."""
