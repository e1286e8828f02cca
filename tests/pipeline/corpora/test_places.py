"""Paths that lead to one file are one recording, however they are written."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.corpora.manifest import read
from pipeline.corpora.places import real_places, recordings_of
from pipeline.settings.blocks import CorpusParams, ProtocolParams


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "c"
    (folder / "sub").mkdir(parents=True)
    for name in ("z.wav", "sub/y.wav"):
        (folder / name).write_bytes(b"")
    (folder / "link.wav").symlink_to("z.wav")
    (folder / "linked").symlink_to("sub")
    (folder / "loop.wav").symlink_to("loop.wav")
    return folder


SPELLINGS = ["z.wav", "./z.wav", "sub/../z.wav", ".//z.wav", "linked/../z.wav", "ABSOLUTE/z.wav", "../c/z.wav"]


@pytest.mark.parametrize("other", [*SPELLINGS[1:], "link.wav"])
def test_one_file_in_two_spellings_is_one_recording(root: Path, other: str) -> None:
    other = other.replace("ABSOLUTE", str(root))
    assert len(set(real_places(["z.wav", other], root))) == 1
    names, recordings = recordings_of(["z.wav", other, "sub/y.wav"], root)
    assert recordings == ["z", "z", "sub/y"]
    own = {"link.wav": "link", "../c/z.wav": "../c/z"}.get(other, "z")  # the file that an utterance is named after
    assert names == ["z", own, "sub/y"]


def test_two_files_have_two_names(root: Path) -> None:
    given = ["z.wav", "/elsewhere/z.wav", "sub/z.wav", "Z.wav", "loop.wav", "z\0.wav", "z.wav/"]
    assert len(set(recordings_of(given[:-1], root)[1])) == 6
    assert len(set(recordings_of(given[:-1], root)[0])) == 6


def table(root: Path, rows: list[tuple[str, str, str]]) -> tuple[pd.DataFrame, str]:
    cells = "".join(f"{media.replace('ABSOLUTE', str(root))},{start},{end},{i % 2}\n" for i, (media, start, end) in
                    enumerate(rows))  # fmt: skip
    (root / "manifest.csv").write_text(f"media,start,end,mood\n{cells}")
    settings = CorpusParams(
        "manifest", str(root), "classification", "mood", ("audio",), ProtocolParams("group-kfold", 2)
    )
    found = read(root, settings)
    return found.utterances, "\n".join(str(problem) for problem in found.problems)


@pytest.mark.parametrize("other", [*SPELLINGS[1:], "link.wav"])
def test_the_same_part_and_the_same_group_in_another_spelling(root: Path, other: str) -> None:
    utterances, message = table(
        root, [("z.wav", "0", "1"), (other, "0.0", "1.00"), (other, "1", "2"), ("q.wav", "", "")]
    )
    assert "1 row covers the same part of a recording as an earlier row, such as lines 2 and 3" in message
    assert utterances["group"].tolist() == utterances["recording"].tolist() == ["z", "z", "z", "q"]
    assert utterances["utterance"].is_unique
