import csv
import sys

import pytest

from benchmarks.grid_manifest import main
from benchmarks.tools.recordings import DATA

CLIPS = DATA / "grid" / "s1"


def called(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["grid_manifest", *map(str, arguments)])
    main()


def read(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(not CLIPS.exists(), reason="the GRID clips are missing")
def test_manifest_and_words_agree_with_the_align_files(monkeypatch, tmp_path):
    called(monkeypatch, CLIPS, tmp_path)
    lines, words = read(tmp_path / "manifest.csv"), read(tmp_path / "words.csv")
    assert len(lines) == len(list(CLIPS.glob("*.mpg")))
    assert {line["command"] for line in lines} == {"bin", "lay", "place", "set"}
    for line in lines:
        assert (tmp_path / line["media"]).samefile(CLIPS / line["media"])
        mine = [word for word in words if word["utterance"] == line["utterance"]]
        assert line["text"].split() == [word["word"] for word in mine]
        assert mine[0]["word"] == line["command"]  # each sentence begins with it
        first = (CLIPS / line["utterance"]).with_suffix(".align").read_text().splitlines()[1].split()
        assert float(mine[0]["start"]) == int(first[0]) / 25000


def test_a_folder_without_clips_is_refused(monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match="holds no GRID clips"):
        called(monkeypatch, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
