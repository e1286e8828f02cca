"""Find out which of several faces speaks, by comparing the mouths of the faces with the level of the voice."""
