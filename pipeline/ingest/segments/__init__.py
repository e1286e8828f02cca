"""One long recording to utterances: where to cut it, and the rows of the manifest that say so."""
