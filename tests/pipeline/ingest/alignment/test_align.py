import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from features.errors import EmptyInput
from pipeline.errors import UserError
from pipeline.ingest.alignment.align import DOUBTFUL, RATE_HZ, _decoder, align
from pipeline.ingest.words import Spoken, Word
from tests.conftest import ROOT, needs_data
from tests.pipeline.ingest.alignment.sounds import Sentence, sentences

pytest.importorskip("pocketsphinx")


@pytest.fixture(scope="module")
def grid() -> list[Sentence]:
    return list(sentences())


def errors_s(found: Spoken, sentence: Sentence, shift_s: float = 0.0) -> list[float]:
    pairs = zip(found.words, sentence.words, strict=True)
    return [word.start_s - shift_s - start_s for word, (_, start_s, _) in pairs]


def check(errors: list[float]) -> None:
    assert np.median(np.abs(errors)) <= 0.02
    assert np.mean(np.abs(errors) < 0.1) >= 0.95


@needs_data
def test_words_begin_where_the_corpus_says(grid: list[Sentence]) -> None:
    found = [align(s.samples, Spoken(s.text)) for s in grid]
    check([error for spoken, s in zip(found, grid, strict=True) for error in errors_s(spoken, s)])
    for spoken in found:
        assert not spoken.note
        assert all(0 <= word.start_s < word.end_s <= 3 for word in spoken.words)
        assert all(a.end_s <= b.start_s for a, b in pairwise(spoken.words))


@needs_data
def test_words_begin_there_also_in_an_utterance_cut_at_its_words(grid: list[Sentence]) -> None:
    errors: list[float] = []
    for s in grid[::2]:
        first, last = max(0.0, s.words[0][1] - 0.1), s.words[-1][2] + 0.1
        part = s.samples[round(first * RATE_HZ) : round(last * RATE_HZ)]
        errors += errors_s(align(part, Spoken(s.text)), s, shift_s=-first)
    check(errors)


@needs_data
def test_words_are_sought_near_the_times_of_their_subtitle(grid: list[Sentence]) -> None:
    """Three sentences in one utterance, the middle one without a subtitle."""
    errors: list[float] = []
    for a, b, c in zip(grid[0::4], grid[1::4], grid[2::4], strict=True):
        starts = np.cumsum([0, len(a.samples), len(b.samples)]) / RATE_HZ
        cues = [
            [Word(word, shift + s.words[0][1] - 0.4, shift + s.words[-1][2] + 0.3) for word, _, _ in s.words]
            for s, shift in ((a, starts[0]), (c, starts[2]))
        ]
        found = align(np.concatenate([a.samples, b.samples, c.samples]), Spoken("", (*cues[0], *cues[1])))
        errors += errors_s(Spoken("", found.words[:6]), a) + errors_s(Spoken("", found.words[6:]), c, starts[2])
    check(errors)


@needs_data
def test_a_written_word_lasts_as_long_as_what_is_said_for_it(grid: list[Sentence]) -> None:
    s = next(s for s in grid if [word for word, _, _ in s.words[3:5]] == ["f", "two"])
    *before, (_, _, _), (_, two_s, two_end_s), (_, now_s, _) = s.words
    found = align(s.samples, Spoken("Bin, blue [cough] at f-2 -- NOW!"))
    assert [word.text for word in found.words] == ["Bin,", "blue", "[cough]", "at", "f-2", "--", "NOW!"]
    assert [word.timed for word in found.words] == [True, True, False, True, True, False, True]
    assert found.words[4].start_s == pytest.approx(before[2][2], abs=0.05)
    assert found.words[4].end_s == pytest.approx(two_end_s, abs=0.05)
    assert found.words[6].start_s == pytest.approx(now_s, abs=0.05)
    assert two_s < found.words[4].end_s


@needs_data
def test_one_odd_word_does_not_keep_the_others_from_being_aligned(grid: list[Sentence]) -> None:
    s = grid[0]
    right = align(s.samples, Spoken(s.text))
    for odd in ("thrblx", "Привет", "♫♫"):
        words = [word for word, _, _ in s.words]
        words[4] = odd
        found = align(s.samples, Spoken(" ".join(words)))
        for place in (0, 1, 2, 5):
            assert found.words[place].start_s == pytest.approx(right.words[place].start_s, abs=0.1)


@needs_data
def test_words_that_are_not_said_have_little_confidence(grid: list[Sentence]) -> None:
    wrong = Spoken("and then she told me that nobody would ever believe it")
    for s in grid[::4]:
        assert np.mean([word.confidence for word in align(s.samples, Spoken(s.text)).words]) > 0.6
        found = align(s.samples, wrong)
        assert np.mean([word.confidence for word in found.words]) < DOUBTFUL
        assert "hardly fit the sound" in found.note


@needs_data
def test_words_that_nobody_says_are_seen_by_their_confidence(grid: list[Sentence]) -> None:
    """The words before them stay where they are."""
    s = grid[0]
    *said, unsaid = align(s.samples, Spoken(f"{s.text} extraordinarily")).words
    assert unsaid.confidence < 0.1
    assert np.abs(errors_s(Spoken("", tuple(said)), s)[:4]).max() < 0.1


@needs_data
def test_a_quiet_recording_has_the_words_of_a_loud_one(grid: list[Sentence]) -> None:
    loud, quiet = (align(grid[3].samples * gain, Spoken(grid[3].text)) for gain in (1.0, 1e-3))
    assert [w.start_s for w in quiet.words] == pytest.approx([w.start_s for w in loud.words], abs=0.021)


@needs_data
def test_digital_silence_around_the_words_changes_little(grid: list[Sentence]) -> None:
    for s in grid[::8]:
        first, last = (round(RATE_HZ * time) for time in (s.words[0][1], s.words[-1][2]))
        edited = s.samples.copy()
        edited[:first], edited[last:] = 0, 0
        found = align(edited, Spoken(s.text))
        assert np.abs(errors_s(found, s)).max() < 0.15
        assert np.mean([word.confidence for word in found.words]) > 0.6


@needs_data
def test_words_are_found_in_noise(grid: list[Sentence]) -> None:
    errors: list[float] = []
    for number, s in enumerate(grid[::4]):
        noise = np.random.default_rng(number).normal(0, np.std(s.samples) / 10, len(s.samples))  # 20 dB
        errors += errors_s(align((s.samples + noise).astype(np.float32), Spoken(s.text)), s)
    assert np.median(np.abs(errors)) <= 0.03
    assert np.mean(np.abs(errors) < 0.1) >= 0.9


@needs_data
def test_what_was_aligned_before_changes_nothing(grid: list[Sentence]) -> None:
    _decoder.cache_clear()
    alone = align(grid[7].samples, Spoken(grid[7].text))
    _decoder.cache_clear()
    for s in grid[:5]:
        align(s.samples * 0.01, Spoken(f"{s.text} 1984 thrblx Tribbiani's"))
    align(np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32), Spoken(grid[7].text))
    assert align(grid[7].samples, Spoken(grid[7].text)) == alone


@needs_data
def test_nothing_is_written_to_the_terminal(grid: list[Sentence]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "sound.npy")
        np.save(file, grid[0].samples)
        code = (
            "import numpy as np; from pipeline.ingest.alignment.align import align; "
            "from pipeline.ingest.words import Spoken\n"
            f"x = np.load({str(file)!r})\n"
            f"align(x, Spoken({grid[0].text!r}))\n"
            "try: align(x[:30000] * 0 + 0.1, Spoken('one two three'))\nexcept Exception: pass"
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, env=environment, cwd=folder, check=True
        )
    assert (done.stdout, done.stderr) == (b"", b"")


def speechless(seconds: float, level: float = 0.01) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, level, round(RATE_HZ * seconds)).astype(np.float32)


@pytest.mark.parametrize(
    ("samples", "text", "why"),
    [
        (speechless(2), "", "the text contains no spoken words"),
        (speechless(2), "-- [laughs]", "the text contains no spoken words"),
        (speechless(2), "Привет как дела friends", "only English"),
        (speechless(2, 0), "yes", "the sound is silent"),
        (speechless(0), "yes", "the sound is silent"),
        (speechless(0.01), "yes", "cannot be said in 0.01 s"),
        (speechless(1), "one two three four five six seven eight nine ten eleven", "11 words cannot be said in 1.00 s"),
    ],
)
def test_what_cannot_be_aligned_is_left_with_a_reason(samples: NDArray[np.float32], text: str, why: str) -> None:
    with pytest.raises(EmptyInput, match=why):
        align(samples, Spoken(text))


def test_a_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    _decoder.cache_clear()
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(UserError, match=r"pocketsphinx, which is not installed: pip install"):
        align(speechless(2), Spoken("yes"))
