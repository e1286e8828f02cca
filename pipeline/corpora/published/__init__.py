"""Published corpora, read as they are distributed: one file per corpus, two or three for a long one."""
