"""When each word of a known text is spoken: how words are pronounced, and where in the sound they are."""
