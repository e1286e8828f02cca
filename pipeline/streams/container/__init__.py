"""Read the length, the clock and the tracks that a media file states, and check them against its packets."""
