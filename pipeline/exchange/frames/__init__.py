"""Import tables of video frames that other tools wrote, one per recording, as features of a corpus."""
