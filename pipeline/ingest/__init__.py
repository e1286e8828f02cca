"""Make a corpus from recordings: read transcripts, detect and recognise speech, align words, write the tables."""
