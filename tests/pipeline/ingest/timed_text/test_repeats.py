"""What subtitles say twice: nothing that is spoken is lost, and what is left out is noted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.cues import Cue, Line
from pipeline.ingest.timed_text.repeats import AGAIN, KEPT, TWICE, Repeat, without_repeats
from pipeline.ingest.timed_text.vtt import read


def cue(start: float, end: float, *lines: str, speaker: str = "") -> Cue:
    return Cue(start, end, ((speaker, tuple(map(Line, lines))),))


def result(cues: list[Cue]) -> tuple[list[str], list[Repeat]]:
    repeats: list[Repeat] = []
    return [said.text for said in without_repeats(cues, repeats)], repeats


def in_a_row(*texts: str, overlap: float = 0.0) -> list[Cue]:
    return [cue(at, at + 1 + overlap, *text.split("\n")) for at, text in enumerate(texts)]


def test_a_cue_that_is_in_the_file_twice_is_given_once_at_its_first_place() -> None:
    cues = [cue(0, 1, "we go"), cue(1, 3, "to the", "sea"), cue(4, 5, "no")]
    beside = [one for one in cues for _ in range(2)]
    said = ["we go", "to the sea", "no"]
    assert result(cues + cues) == result(beside) == (said, [Repeat(TWICE, 3, "we go")])
    assert result([*cues, cues[0]])[0] == said
    assert result([cue(0, 1, "no"), cue(1, 2, "no")]) == (["no", "no"], [])


def test_one_voice_may_say_the_same_twice_in_a_cue_and_two_may_say_the_same() -> None:
    line = (Line("No."),)
    cues = [Cue(0, 1, (("Ann", line), ("Bob", line), ("Ann", line)))]
    assert [(said.speaker, said.text) for said in without_repeats([*cues, *cues])] == [
        *(("Ann", "No."), ("Bob", "No."), ("Ann", "No."))
    ]
    assert result([cue(0, 1, "No.", speaker="Ann"), cue(0, 1, "No.", speaker="Bob")]) == (["No.", "No."], [])


def test_automatic_captions_that_roll_up_say_everything_once() -> None:
    rolling = [
        cue(0, 2, "so we go"),
        cue(2, 2.01, "so we go"),
        cue(2.01, 4, "so we go", "to the sea"),
        cue(4, 4.01, "to the sea"),
        cue(4.01, 6, "to the sea", "today"),
    ]
    repeats: list[Repeat] = []
    assert [(said.text, said.start) for said in without_repeats(rolling, repeats)] == [
        ("so we go", 0),
        ("to the sea", 2.01),
        ("today", 4.01),
    ]
    assert repeats == [Repeat(AGAIN, 4, "so we go")]
    assert result(rolling[:3])[0] == ["so we go", "to the sea"]


def test_captions_of_three_lines_that_roll_up_say_everything_once() -> None:
    lines = [f"this is line {i}" for i in range(7)]
    rolling = [cue(i, i + 1, *lines[max(0, i - 2) : i + 1]) for i in range(7)]
    assert result(rolling) == (lines, [Repeat(AGAIN, 6, lines[0])])
    assert result(rolling[:5])[1] == [Repeat(KEPT, 4, lines[0])]  # too few to be sure


def test_live_captions_whose_line_grows_say_every_word_once() -> None:
    grown = ["so", "so we", "so we go", "so we go to the", "so we go to the sea", "and back", "and back again"]
    assert result(in_a_row(*grown, overlap=0.5)) == (
        ["so", "we", "go", "to the", "sea", "and back", "again"],
        [Repeat(AGAIN, 5, "so")],
    )
    assert result(in_a_row(*grown)) == (grown, [Repeat(KEPT, 4, "so we")])


def test_words_with_times_are_left_out_with_their_text() -> None:
    words = tuple((word, float(at), at + 1.0) for at, word in enumerate(["so", "we", "go", "to", "sea", "now"]))
    grown = [
        Cue(at, at + 2.0, (("", (Line(" ".join(word for word, _, _ in words[: at + 1]), words[: at + 1]),)),))
        for at in range(len(words))
    ]
    said = without_repeats(grown)
    assert [one.words for one in said] == [(word,) for word in words]
    assert [one.text for one in said] == [word for word, _, _ in words]
    unclear = [Cue(one.start, one.end, (("", (Line(one.texts()[0].text, words[:1] * 9),)),)) for one in grown]
    assert [one.text for one in without_repeats(unclear)] == [one.texts()[0].text for one in grown]


@pytest.mark.parametrize(
    "texts",
    [
        ["no no", "no no no", "no no no please", "stop"],
        ["- Hi.\n- Hi.", "- Hi.\n- Who is it?", "- Who is it?\n- Me.", "Oh."],
        ["no"] * 6,
        [*(f"line {at}" for at in range(6)), "line 5\nand more"],
    ],
)
def test_what_is_said_again_is_kept(texts: list[str]) -> None:
    assert result(in_a_row(*texts))[0] == [text.replace("\n", " ") for text in texts]


def test_a_brief_cue_says_nothing_about_other_cues() -> None:
    cues = [
        *in_a_row("Are you sure?", "Are you sure? Yes, I am.", "Go on."),
        *(cue(3, 3.04, "Go on."), cue(3.04, 4, "Go on.", "Please.")),
    ]
    assert result(cues) == (
        ["Are you sure?", "Are you sure? Yes, I am.", "Go on.", "Please."],
        [Repeat(AGAIN, 2, "Go on."), Repeat(KEPT, 1, "Are you sure?")],
    )

    early = [cue(0, 1.5, "Are you sure?"), *cues[1:]]  # still shown when the second begins
    assert result(early) == result(cues)


def test_lines_that_are_sometimes_said_again_are_kept_however_long_the_file_is() -> None:
    talk = [text for at in range(8) for text in (f"line {at}", f"line {at}\nand more", f"other {at}", f"last {at}")]
    assert result(in_a_row(*talk)) == ([text.replace("\n", " ") for text in talk], [Repeat(KEPT, 8, "line 0")])


def test_frames_with_one_text_are_kept() -> None:
    frames = [cue(at * 0.04, at * 0.04 + 0.04, "so we go") for at in range(20)]
    assert result(frames)[0] == ["so we go"] * 20


def test_two_speakers_may_begin_alike() -> None:
    talk = [
        "I love you",
        "I love you too",
        "I love you too Bob",
        "I love you too Bob and",
        "I love you too Bob and Eve",
    ]
    cues = [
        cue(at, at + 1.5, text, speaker="Ann" if at % 2 else "Bob") for at, text in enumerate([*talk, f"{talk[-1]} so"])
    ]
    assert result(cues) == ([*talk, f"{talk[-1]} so"], [])


def test_cues_that_go_back_in_time_are_not_compared() -> None:
    lines = [f"this is line {i}" for i in range(8)]
    backwards = [cue(20 - 2 * i, 21 - 2 * i, *lines[max(0, i - 1) : i + 1]) for i in range(8)]
    assert len(" ".join(result(backwards)[0]).split()) == 4 * 15


WORD = st.sampled_from(["no", "so", "we", "go"])
VOICE = st.tuples(
    st.sampled_from(["", "Ann", "Bob"]), st.lists(st.lists(WORD, min_size=1, max_size=3), min_size=1, max_size=2)
)
BLOCK = st.tuples(
    st.sampled_from([0, 60, 500]), st.sampled_from([10, 40, 300, 2000]), st.lists(VOICE, min_size=1, max_size=3)
)
Block = tuple[int, int, list[tuple[str, list[list[str]]]]]


def written(path: Path, blocks: list[Block], gap_ms: int) -> list[str]:
    """Write a file whose cues begin at least `gap_ms` after the one before, and return its words."""
    at, texts, words = 0, ["WEBVTT"], []
    for more_ms, length_ms, voices in blocks:
        at += gap_ms + more_ms
        shown = []
        for speaker, lines in voices:
            text = "\n".join(" ".join(line) for line in lines)
            shown.append(f"<v {speaker}>{text}</v>" if speaker else text)
            words += [word for line in lines for word in line]
        times = (f"00:{ms // 60000:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}" for ms in (at, at + length_ms))
        texts.append(" --> ".join(times) + "\n" + "\n".join(shown))
        at += length_ms
    path.write_text("\n\n".join(texts), encoding="utf-8")
    return words


def words_of(said: tuple[TimedText, ...]) -> list[str]:
    return [word for one in said for word in one.text.split()]


@given(st.lists(BLOCK, max_size=12))
def test_every_word_of_cues_with_gaps_is_read_in_order(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[Block]
) -> None:
    path = tmp_path_factory.getbasetemp() / "gaps.vtt"
    repeats: list[Repeat] = []
    words = written(path, blocks, 60)
    assert words_of(read(path, repeats)) == words
    assert repeats == []


@given(st.lists(BLOCK, max_size=12))
def test_every_word_of_cues_whose_speaker_changes_is_read_in_order(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[Block]
) -> None:
    path = tmp_path_factory.getbasetemp() / "turns.vtt"
    turns = [
        (more, length, [(f"speaker {at % 2}", lines) for _, lines in voices])
        for at, (more, length, voices) in enumerate(blocks)
    ]
    words = written(path, turns, 0)
    assert words_of(read(path)) == words


@given(st.lists(BLOCK, max_size=5))
def test_every_word_of_a_few_cues_that_touch_is_read_in_order(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[Block]
) -> None:
    path = tmp_path_factory.getbasetemp() / "touching.vtt"
    words = written(path, [(more, max(length, 300), voices) for more, length, voices in blocks], 0)
    assert words_of(read(path)) == words


@given(st.lists(BLOCK, max_size=12))
def test_no_word_is_left_out_without_a_note(tmp_path_factory: pytest.TempPathFactory, blocks: list[Block]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.vtt"
    repeats: list[Repeat] = []
    words = written(path, blocks, 0)
    said = words_of(read(path, repeats))
    left = iter(words)
    assert all(word in left for word in said)  # in order
    assert len(said) == len(words) or any(repeat.kind in (TWICE, AGAIN) for repeat in repeats)
