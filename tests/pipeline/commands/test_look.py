"""Commands that show the state of things: each line is what there is, and the exit code says whether it is in order."""

from pathlib import Path

import pytest

from pipeline.inspection import doctor
from pipeline.inspection.doctor import Check
from tests.conftest import invoke, output_of


def test_status_has_one_line_per_stage_and_all_are_done(here: Path) -> None:
    rows = [line.split() for line in output_of("status").splitlines()]
    assert rows[0] == ["corpus", "stage", "done", "cached", "failed", "stale"]
    assert [" ".join(row[1:-4]) for row in rows[1:]] == [
        "prepare",
        *(f"preprocess {modality}" for modality in ("text", "audio", "video")),
        "extract vader",
        *("train", "evaluate", "report"),
    ]
    assert all(row[-4].split("/")[0] == row[-4].split("/")[1] and row[-2:] == ["0", "0"] for row in rows[1:])


def test_status_verify_reads_every_file_and_fails_on_a_damaged_one(here: Path) -> None:
    assert output_of("status", "--verify").endswith("files read: all are as they were written\n")
    (here / "results/c/predictions.csv").write_text("utterance\n")
    failed = invoke("status", "--verify")
    assert failed.exit_code == 1
    assert "results/c/predictions.csv" in failed.output
    assert "files differ from what was written: see the lines above" in failed.output


@pytest.mark.parametrize(
    ("ok", "code", "last"),
    [(True, 0, "ok     libGL: loads"), (False, 1, "Error: 1 checks failed: see the lines above")],
)
def test_the_doctor_fails_where_a_check_fails(ok: bool, code: int, last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Check("Python", True, "3.11"), Check("libGL", ok, "loads")]
    monkeypatch.setattr(doctor, "checks", lambda: iter(found))
    result = invoke("doctor")
    assert result.exit_code == code
    assert result.output.splitlines()[0] == "ok     Python: 3.11"
    assert result.output.splitlines()[1] == f"{'ok     ' if ok else 'NOT OK '}libGL: loads"
    assert result.output.splitlines()[-1] == last


def test_features_list_names_what_runs_and_its_settings(here: Path) -> None:
    rows = {line.split()[0]: line for line in output_of("features", "list").splitlines()}
    assert not rows["vader"].endswith("(not in features.extract)")
    assert rows["mfcc"].endswith("(not in features.extract)")
    assert "count=40" in rows["mfcc"]
    assert "4 per utterance, 4 per row" in rows["vader"]


def test_features_show_describes_a_store(here: Path) -> None:
    shown = output_of("features", "show", "data/work/c/features/vader.h5").splitlines()
    assert 'pooled_names: ["neg", "neu", "pos", "compound"]' in shown
    assert "utterances: 16 (16 ok)" in shown
    assert "pooled (16, 4) float32" in shown
    failed = invoke("features", "show", "params.yaml")
    assert failed.exit_code == 1
    assert "params.yaml" in failed.output


def test_cache_gc_asks_before_it_deletes(here: Path) -> None:
    unused = here / "data/cache/vader/ab" / f"{'ab' * 32}.clip"
    unused.parent.mkdir(exist_ok=True)
    unused.write_bytes(bytes(1_500_000))
    asked = invoke("cache", "gc", input="n\n")
    assert asked.exit_code == 1
    assert "cache gc: 1 cached files (1.5 MB) are not used by any store under data/work" in asked.output
    assert unused.exists()
    assert "cache gc: 1 files deleted, 1.5 MB freed" in output_of("cache", "gc", "--yes")
    assert not unused.exists()
    assert "16/16" in output_of("status")
