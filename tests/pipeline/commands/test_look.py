"""Commands that show the state of things: each line is what there is, and the exit code says whether it is in order."""

import json
from pathlib import Path

import h5py
import pytest
import yaml

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
    assert "are damaged or were changed, as listed" in failed.output


@pytest.mark.parametrize(
    ("ok", "code", "last"),
    [(True, 0, "ok     libGL: loads"), (False, 1, "Error: 1 check failed, as listed")],
)
def test_the_doctor_fails_where_a_check_fails(ok: bool, code: int, last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Check("Python", True, "3.11"), Check("libGL", ok, "loads")]
    monkeypatch.setattr(doctor, "checks", lambda: iter(found))
    result = invoke("doctor")
    assert result.exit_code == code
    assert result.output.splitlines()[0] == "ok     Python: 3.11"
    assert result.output.splitlines()[1] == f"{'ok     ' if ok else 'NOT OK '}libGL: loads"
    assert result.output.splitlines()[-1] == last


def test_features_list_names_widths_weights_licence_settings_and_what_runs(here: Path) -> None:
    lines = output_of("features", "list").splitlines()
    assert max(map(len, lines)) <= 100
    cells = {line.split()[0]: line.split() for line in lines}
    assert cells["vader"][:4] == ["vader", "text", "4", "4"]
    assert cells["vader"][5:] == ["packaged", "MIT", "yes"]
    assert cells["mfcc"][2:4] == ["240", "120"]
    assert cells["mfcc"][-1] == "no"
    assert float(cells["mfcc"][4]) > 0
    assert lines[[line.split()[0] for line in lines].index("mfcc") + 1].strip().startswith("count=40, ")


def test_features_list_shows_all_extractors_even_if_one_cannot_be_used(here: Path) -> None:
    settings = yaml.safe_load((here / "params.yaml").read_text())
    instances = {
        "gone": {"extractor": "speech_encoder", "model": "no/such/folder"},
        "other": {"extractor": "mfcc", "count": 12},
    }
    settings["features"] = (settings.get("features") or {}) | instances
    (here / "other.yaml").write_text(yaml.safe_dump(settings))
    listed = invoke("features", "list", "--params", "other.yaml")
    assert listed.exit_code == 1
    lines = listed.output.splitlines()
    assert (
        sum(line.startswith("features.gone: there is no folder no/such/folder: give the folder") for line in lines) == 1
    )
    assert next(line.split()[4] for line in lines if line.startswith("other ")) == "-"
    assert "    extractor=mfcc, count=12, bands=64, " in listed.output
    assert lines[-1] == "Error: 1 extractor cannot be used, as listed"
    assert max(map(len, lines)) <= 80


def test_features_show_describes_a_store(here: Path) -> None:
    path = "data/work/c/features/vader.h5"
    shown = output_of("features", "show", path)
    assert "vader: features of text, version 1." in shown
    assert "16 utterances (16 ok); 1 row each." in shown
    facts = json.loads(output_of("features", "show", path, "--json"))
    assert [one["name"] for one in facts["features"]] == ["neg", "neu", "pos", "compound"]
    with h5py.File(path) as file:
        column = file["pooled"][:, 3].tolist()
    assert [facts["features"][3][key] for key in ("min", "max")] == [min(column), max(column)]


def test_features_show_leaves_a_file_alone_that_is_not_a_store(here: Path) -> None:
    failed = invoke("features", "show", "params.yaml")
    assert failed.exit_code == 1
    assert failed.output.startswith("Error: params.yaml is not a store of features or streams")
    assert "delete" not in failed.output


def test_cache_gc_asks_before_it_deletes(here: Path) -> None:
    unused = here / "data/cache/vader/ab" / f"{'ab' * 32}.clip"
    unused.parent.mkdir(parents=True)
    unused.write_bytes(bytes(1_500_000))
    asked = invoke("cache", "gc", input="n\n")
    assert asked.exit_code == 1
    assert "cache gc: unused in the cache: 1 file (1.5 MB)" in asked.output
    assert unused.exists()
    assert "cache gc: 1 file deleted, 1.5 MB freed" in output_of("cache", "gc", "--yes")
    assert not unused.exists()
    assert "16/16" in output_of("status")
