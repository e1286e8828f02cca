"""status: its counts follow a run, a changed setting and a deleted store."""

from pathlib import Path

import pytest

from tests.conftest import grid_corpus, needs_data, output_of, run


def counts() -> dict[str, list[str]]:
    lines = output_of("status").splitlines()[1:]
    rows = {}
    for line in lines:
        stage, rest = line[16:42].strip(), line[42:].split()
        rows[stage] = rest[:4]
    return rows


@needs_data
def test_status_follows_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = grid_corpus(tmp_path, 4)
    monkeypatch.chdir(folder)
    params = folder / "params.yaml"
    params.write_text(params.read_text() + "features: {extract: [vader, mfcc]}\n")
    assert "waits:" in output_of("status")
    for stage in ("prepare", "preprocess", "extract"):
        run(stage, cwd=folder)
    rows = counts()
    assert rows["prepare"][0] == "1/1"
    assert rows["preprocess video"] == ["4/4", "4", "0", "0"]
    assert rows["extract mfcc"] == ["4/4", "4", "0", "0"]
    assert rows["train"][0] == "0/1"

    params.write_text(params.read_text().replace("[vader, mfcc]", "[vader, mfcc], mfcc: {count: 13}"))
    assert counts()["extract mfcc"] == ["0/4", "0", "0", "4"]
    assert counts()["extract vader"] == ["4/4", "0", "0", "0"]  # a light step keeps no files
    run("extract", "--extractor", "mfcc", cwd=folder)
    assert counts()["extract mfcc"] == ["4/4", "4", "0", "0"]
    old = len(list((folder / "data" / "cache" / "mfcc").rglob("*.clip")))
    assert old == 8
    assert "4 files deleted" in output_of("cache", "gc", "--yes")
    assert counts()["extract mfcc"] == ["4/4", "4", "0", "0"]
    (folder / "data" / "work" / "grid" / "streams" / "audio.h5").unlink()
    assert "waits:" in output_of("status")
