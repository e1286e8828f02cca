"""The commands of the command line, a file a section of its help."""
