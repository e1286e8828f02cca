import json
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.whisper import read

WORDS = [
    {"word": " Kids", "start": 0.5, "end": 0.9, "probability": 0.9},
    {"word": " talk.", "start": 0.9, "end": 1.4, "probability": 0.8},
]
SAID = TimedText("Kids talk.", 0.5, 1.4, words=(("Kids", 0.5, 0.9), ("talk.", 0.9, 1.4)))


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "talk.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def segment(**changed: object) -> dict[str, object]:
    return {"id": 0, "seek": 0, "start": 0.5, "end": 1.4, "text": " Kids talk.", "words": WORDS, **changed}


@pytest.mark.parametrize(
    "content",
    [
        {"text": " Kids talk.", "segments": [segment(tokens=[50364])], "language": "en"},  # openai-whisper
        [segment(avg_logprob=-0.2)],  # faster-whisper: its segments as dictionaries
        [segment(words=[[0.5, 0.9, " Kids", 0.9], [0.9, 1.4, " talk.", 0.8]])],  # its words as named tuples
    ],
)
def test_segments_and_words_of_each_program(tmp_path: Path, content: object) -> None:
    assert read(written(tmp_path, content)) == (SAID,)


def test_whisperx_names_speakers_and_leaves_some_words_untimed(tmp_path: Path) -> None:
    words = [{"word": "In", "start": 0.5, "end": 0.7, "score": 0.9}, {"word": "2014."}]
    content = {"segments": [segment(text="In 2014.", words=words, speaker="SPEAKER_01")], "word_segments": words}
    said = TimedText("In 2014.", 0.5, 1.4, words=(("In", 0.5, 0.7),), speaker="SPEAKER_01")
    assert read(written(tmp_path, content)) == (said,)


def test_whisper_cpp_gives_milliseconds(tmp_path: Path) -> None:
    times = {"timestamps": {"from": "00:00:00,500", "to": "00:00:01,400"}, "offsets": {"from": 500, "to": 1400}}
    content = {"model": {"type": "tiny"}, "transcription": [{**times, "text": " Kids talk."}]}
    assert read(written(tmp_path, content)) == (TimedText("Kids talk.", 0.5, 1.4),)


@pytest.mark.parametrize("content", ["", {"segments": []}, {"segments": [segment(text=" ", words=[])]}, []])
def test_silence_says_nothing(tmp_path: Path, content: object) -> None:
    assert read(written(tmp_path, content)) == ()


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{"segments": [\n{"text": "a",}\n]}', "talk.json:2: this is not JSON"),
        ({"boxes": []}, "is not a Whisper transcript: it has no list 'segments'"),
        ({"segments": {"0": 1}}, "has no list 'segments'"),
        ({"segments": [{"start": 0, "end": 1}]}, "of objects with a 'text'"),
        ({"segments": [segment(text=None)]}, "segment 1: 'text' is None"),
        ({"segments": [segment(), segment(start=3, end=2)]}, "segment 2 lasts from 3 to 2: give"),
        ({"segments": [segment(end=None)]}, "segment 1 lasts from 0.5 to None"),
        ('{"segments": [{"start": NaN, "end": 1, "text": "a"}]}', "segment 1 lasts from nan to 1"),
        ({"segments": [segment(words="Kids")]}, "segment 1: 'words' is not a list"),
        ({"segments": [segment(words=["Kids"])]}, "segment 1: the word 'Kids' is not an object"),
        ({"segments": [segment(words=[{"word": "a", "start": 2, "end": 1}])]}, "the word 'a' lasts from 2 to 1"),
        ('{"segments": [{"start": 1e999, "end": 2, "text": "a"}]}', "segment 1 lasts from inf to 2"),
        (f'{{"segments": [{{"start": {"9" * 500}, "end": 2, "text": "a"}}]}}', "segment 1 lasts from 999"),
        (f'{{"segments": [{{"start": {"9" * 5000}, "end": 2, "text": "a"}}]}}', "talk.json:1: this is not JSON"),
        ("[" * 100000, "talk.json:1: this is not JSON"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, content: object, where: str) -> None:
    with pytest.raises(UserError) as error:
        read(written(tmp_path, content))
    assert where in str(error.value)
    assert "\n" not in str(error.value)
