"""Make a corpus from recordings: transcripts, subtitles, annotations, speech detection, recognition, alignment."""
