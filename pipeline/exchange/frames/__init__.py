"""Tables of frames that other tools wrote, one per recording, imported for the utterances of a corpus."""
