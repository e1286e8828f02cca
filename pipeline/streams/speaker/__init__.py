"""Which of several faces speaks: the level of the voice, the mouths of the faces, and how well they agree."""
