"""From one long recording to utterances: where to cut it, and the resulting rows of the manifest."""
