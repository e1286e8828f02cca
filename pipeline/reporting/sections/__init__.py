"""What the sections of the page say, as data that their templates show."""
