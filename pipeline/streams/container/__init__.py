"""What a media file says of itself: its length, where its clock starts, its tracks, and whether that can be trusted."""
