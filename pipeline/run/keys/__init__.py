"""Content keys: every key is made here, from a description of everything that the result under the key depends on.

A key is the hash of such a description, so what is stored under a key is either right or missing, never out of date.
Equal descriptions give equal keys in every process. The functions and classes list what each kind of thing depends on:

======================  ======================================================================
an utterance's stream   `utterance.stream_program`, then `text_key`, `audio_key`, `video_key`
its words, if missing   `utterance.word_program`, then `word_key`
its features            `utterance.extractor_program`, then `feature_key`
imported features       `utterance.import_key`, `frames_key`
its preview             `utterance.preview_program`, then `preview_key`
a fit on a fold         `results.FitInputs`
the predictions         `results.training_inputs`, `predictions_key`
the tables, the page    `results.evaluation_inputs`, `page_key`
======================  ======================================================================
"""
