"""What a media file states about itself: its length, where its clock starts, its tracks, and what of it to trust."""
