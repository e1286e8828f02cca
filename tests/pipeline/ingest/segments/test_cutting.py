import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.ingest.segments.cutting import WINDOW_S, Limits, by_voice, overlapping, sentences, spoken
from pipeline.ingest.timed_text.base import TimedText


def probabilities(*runs: tuple[float, float]) -> NDArray[np.float32]:
    """Probabilities that last so many seconds each."""
    return np.repeat(np.float32([value for value, _ in runs]), [round(length / WINDOW_S) for _, length in runs])


def test_short_pauses_are_part_of_a_breath_and_clicks_are_left_out() -> None:
    given = probabilities((0, 1), (1, 2), (0, 0.3), (1, 2), (0, 1), (1, 0.2), (0, 1))
    spans = by_voice(given, Limits(pause_s=0.5, shortest_s=0.3))
    assert spans == pytest.approx(np.array([[1, 5.3]]), abs=0.2)


def test_what_is_too_long_is_cut_at_its_longest_pause() -> None:
    given = probabilities((0, 1), (1, 4), (0, 0.2), (1, 3), (0, 0.4), (1, 4), (0, 1))
    spans = by_voice(given, Limits(pause_s=1, longest_s=8))
    assert len(spans) == 2
    assert spans[0, 1] == spans[1, 0] == pytest.approx(8.4, abs=0.1)


def test_without_a_pause_it_is_cut_where_a_voice_is_least_probable() -> None:
    given = probabilities((1, 6), (0.7, 0.1), (1, 6))
    spans = by_voice(given, Limits(longest_s=8))
    assert spans[0, 1] == spans[1, 0] == pytest.approx(6.05, abs=0.1)


@pytest.mark.parametrize("value", [1.0, 0.6])
def test_no_part_is_too_long_and_none_is_lost(value: float) -> None:
    spans = by_voice(probabilities((value, 100.0)), Limits(longest_s=7, shortest_s=0.3))
    assert (np.diff(spans) <= 7 + 1e-9).all()
    assert (np.diff(spans) >= 0.3).all()
    assert (spans[1:, 0] == spans[:-1, 1]).all()
    assert spans[0, 0] == 0
    assert spans[-1, 1] == pytest.approx(100, abs=0.2)


def test_silence_has_no_utterances() -> None:
    assert by_voice(probabilities((0, 10))).shape == (0, 2)
    assert by_voice(np.zeros(0, np.float32)).shape == (0, 2)


@pytest.mark.parametrize("text", ["[applause]", "(laughs)", "♪ ♪", "[music] (door)", "-", "..."])
def test_cues_without_words_and_of_no_length_are_left_out(text: str) -> None:
    assert spoken([TimedText(text, 0, 1), TimedText("yes", 1, 1), TimedText("no"), TimedText("♪ la la ♪", 2, 3)]) == (
        TimedText("♪ la la ♪", 2, 3),
    )


def test_cues_are_joined_up_to_the_end_of_a_sentence() -> None:
    cues = [
        TimedText("We went", 0, 1, words=(("We", 0, 0.5),)),
        TimedText("to sea.", 1.1, 2, words=(("to", 1.1, 1.5),)),
        TimedText("Then", 2, 3),
        TimedText("home", 5, 6),
        TimedText('said "no."', 6, 7),
        TimedText("Yes", 7, 8, speaker="Ann"),
        TimedText("and", 8, 9),
        TimedText("so", 9, 40),
    ]
    assert sentences(cues) == (
        TimedText("We went to sea.", 0, 2, words=(("We", 0, 0.5), ("to", 1.1, 1.5))),
        TimedText("Then", 2, 3),
        TimedText('home said "no."', 5, 7),
        TimedText("Yes", 7, 8, speaker="Ann"),
        TimedText("and", 8, 9),
        TimedText("so", 9, 40),
    )


def test_overlaps_are_counted() -> None:
    assert overlapping([TimedText("a", 0, 2), TimedText("b", 1, 3), TimedText("c", 3, 4)]) == 1
