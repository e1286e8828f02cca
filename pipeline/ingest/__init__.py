"""From what people hold to a corpus: subtitles, annotations, speech in a recording, words that nobody wrote down."""
