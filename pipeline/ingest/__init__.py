"""From recordings and the files beside them to a corpus: subtitles, annotations, speech detection, recognised words."""
