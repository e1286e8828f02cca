"""Which of several faces speaks: the voice's level, the mouths of the faces, and how well they move together."""
