"""What the pipeline knows about each utterance: facts, previews, pictures, and the sections of the page about them."""
