import random
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.registry import endings, is_timed_text, read_timed_text


def test_the_ending_chooses_the_format_in_small_and_capital_letters(tmp_path: Path) -> None:
    path = tmp_path / "TALK.SRT"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    assert is_timed_text(path)
    assert read_timed_text(path) == (TimedText("Hello", 1, 2),)
    assert not is_timed_text(tmp_path / "talk.mp4")


def test_times_are_those_of_the_named_recording(tmp_path: Path) -> None:
    """Of two cameras, the second began 1.25 s later: what is at 1 s in the first is before its beginning."""
    from tests.pipeline.ingest.timed_text.test_eaf import EAF

    second = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/my%20films/Second%20one.mp4" TIME_ORIGIN="-1250"/>'
    path = tmp_path / "talk.eaf"
    path.write_text(EAF.replace("</HEADER>", f"{second}</HEADER>"))

    def spans(recording: str) -> dict[str, tuple[float | None, float | None]]:
        return {said.text: (said.start, said.end) for said in read_timed_text(path, Path(recording))}

    assert spans("talk.mp4") == spans("any.mp4")
    assert spans("a/Second one.mp4")["Kids are talking & café"] == (0, 1.25)
    assert spans("a/Second one.mp4")["talking"] == (0.75, 1.25)


def test_an_unknown_ending_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no format of transcripts is named '\.sr'; did you mean '\.srt'"):
        read_timed_text(tmp_path / "talk.sr")
    with pytest.raises(UserError, match=r"talk\.srt does not exist"):
        read_timed_text(tmp_path / "talk.srt")


def outcome(path: Path) -> tuple[tuple[TimedText, ...], str]:
    """Return what a file says, and the message, or its path if it can be read."""
    try:
        return read_timed_text(path), str(path)
    except UserError as error:
        return (), str(error)


@pytest.mark.parametrize("ending", endings())
def test_damaged_files_give_a_sentence_and_never_a_traceback(tmp_path: Path, ending: str) -> None:
    """Valid files of every format with bytes changed, cut off and repeated at random, under every ending."""
    from tests.pipeline.ingest.timed_text.test_eaf import EAF
    from tests.pipeline.ingest.timed_text.test_textgrid import LONG
    from tests.pipeline.ingest.timed_text.test_vtt import WHOLE

    chance = random.Random(0)
    json = '{"segments": [{"start": 0.5, "end": 1.4, "text": "a", "words": [{"word": "a", "start": 0, "end": 1}]}]}'
    path = tmp_path / f"talk{ending}"
    for raw in (text.encode() for text in (EAF, LONG, WHOLE, json, "1\n00:00:01,000 --> 00:00:02,000\nHello\n")):
        for _ in range(40):
            damaged = bytearray(raw)
            for _ in range(chance.randrange(1, 4)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            path.write_bytes(damaged[: chance.randrange(1, len(damaged) + 1)] if chance.random() < 0.5 else damaged)
            said, message = outcome(path)
            assert str(path) in message
            assert "\n" not in message
            assert all(one.start is None or 0 <= one.start <= (one.end or 0) for one in said)
