"""Words that nobody gave, and their times: made for the utterances of a corpus, on workers."""
