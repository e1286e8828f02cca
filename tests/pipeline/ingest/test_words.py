from pipeline.ingest.words import Spoken, Word


def test_a_word_has_times_only_if_both_are_known() -> None:
    assert Word("yes", 0.1, 0.4).timed
    assert not Word("yes").timed
    assert not Word("yes", 0.1).timed


def test_an_utterance_without_words_has_a_text_all_the_same() -> None:
    assert Spoken("so be it").words == ()
