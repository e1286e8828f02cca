"""cache gc: it deletes what is not used and what killed runs left, and nothing of a person's own."""

from pathlib import Path

from tests.conftest import invoke, output_of


def test_cache_gc_removes_what_killed_runs_left(here: Path) -> None:
    left = [
        "data/cache/.hashes.json.4711",
        "data/cache/vader/ab/.k.clip.99",
        "data/work/c/streams/.text.h5.partial",
        "data/work/.predict-x1y2z3a4/clip/manifest.csv",
        "results/c/.predictions.csv.0123456789abcdef.partial",
    ]
    for name in left:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("half")
    mine = ["raw/.originals.old/clip.txt", ".env.old", ".conda.lock", ".settings.json.2024", "data/raw/.old"]
    for name in mine:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("mine")
    asked = invoke("cache", "gc", input="n\n")
    assert asked.exit_code == 1
    assert "data/work/.predict-x1y2z3a4/ and all in it: left unfinished" in asked.output
    assert "Delete all this?" in asked.output
    assert all((here / name).exists() for name in (*left, *mine))
    told = output_of("cache", "gc", "--yes")
    assert "5 unfinished files" in told
    assert all(name.removesuffix("/clip/manifest.csv") in told for name in left)
    assert not any((here / name).exists() for name in left)
    assert all((here / name).exists() for name in mine)
    assert "all are as they were written" in output_of("status", "--verify")
