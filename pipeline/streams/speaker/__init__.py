"""Find out which of several people speaks, by comparing the movement of their mouths with the level of the voice."""
