import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.tiers import everything, utterances_of

SAID = [TimedText("it is so", 0, 2, "Ann"), TimedText("yes", 3, 4, "Ann")]
WORDS = [
    TimedText("it", 0, 0.5, "words"),
    TimedText("is", 0.5, 1, "words"),
    TimedText("so", 1, 2.004, "words"),
    TimedText("yes", 3, 4, "words"),
]
PHONES = [TimedText("IH", 0, 0.3, "phones"), TimedText("T", 0.3, 0.5, "phones")]
TIMED = (("it", 0, 0.5), ("is", 0.5, 1), ("so", 1, 2.004))


def test_the_tier_that_is_neither_of_words_nor_of_sounds_is_taken_with_its_words() -> None:
    assert utterances_of([*PHONES, *WORDS, *reversed(SAID)]) == (
        TimedText("it is so", 0, 2, "Ann", TIMED),
        TimedText("yes", 3, 4, "Ann", (("yes", 3, 4),)),
    )


def test_a_tier_is_taken_by_name_and_gets_the_words_of_its_own_speaker() -> None:
    other = [TimedText("no", 0, 1, "Bob"), TimedText("no", 0, 1, "Bob - words")]
    anns = [TimedText(said.text, said.start, said.end, "Ann - words") for said in WORDS]
    assert utterances_of([*SAID, *other, *anns], "Bob") == (TimedText("no", 0, 1, "Bob", (("no", 0, 1),)),)
    assert utterances_of([*SAID, *other, *anns], "Ann")[0].words == TIMED


def test_subtitles_have_no_tiers_and_keep_their_own_words() -> None:
    cues = [TimedText("b", 2, 3), TimedText("a", 0, 1, words=(("a", 0, 1),))]
    assert utterances_of(cues) == (cues[1], cues[0])
    assert utterances_of([]) == ()
    assert utterances_of([TimedText("all")]) == (TimedText("all"),)


@pytest.mark.parametrize(
    ("texts", "tier", "message"),
    [
        ([*SAID, TimedText("no", 0, 1, "Bob")], "", "several tiers may hold the utterances: name one of Ann, Bob with"),
        ([*WORDS, *PHONES], "", "no tier seems to hold utterances: name one of words, phones with --tier"),
        (SAID, "An", "no tier with annotations is named 'An'; did you mean 'Ann'"),
    ],
)
def test_a_choice_that_is_not_clear_is_asked_for(texts: list[TimedText], tier: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        utterances_of(texts, tier)


def test_everything_is_the_utterances_or_the_words_if_there_is_nothing_else() -> None:
    assert everything([*SAID, *WORDS, *PHONES]) == utterances_of([*SAID, *WORDS, *PHONES])
    words = everything([*WORDS, *PHONES])
    assert " ".join(said.text for said in words) == "it is so yes"
    assert tuple(word for said in words for word in said.words) == (*TIMED, ("yes", 3, 4))
    assert everything([TimedText("all of it")]) == (TimedText("all of it"),)
    assert everything([]) == ()


def test_words_of_two_speakers_come_in_the_order_in_which_they_are_said() -> None:
    tiers = [TimedText("so", 1, 2, "Ann - words"), TimedText("yes", 0, 1, "Ben - words", speaker="Ben")]
    assert [(said.text, said.speaker) for said in everything(tiers)] == [("yes", "Ben"), ("so", "")]


def test_a_tier_with_a_usual_name_is_meant_among_others() -> None:
    notes = [TimedText("nods his head", 0, 1, "gestures")]
    assert [said.text for said in utterances_of([*notes, TimedText("yes", 0, 1, "Utterances")])] == ["yes"]
    with pytest.raises(UserError, match="several tiers may hold the utterances: name one of Ann, Ben with --tier"):
        everything([TimedText("a b", 0, 1, "Ann"), TimedText("c d", 1, 2, "Ben")])
