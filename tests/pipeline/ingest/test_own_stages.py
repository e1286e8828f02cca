"""The stages of a user's own project are those of dvc.yaml: only the code that they watch in a checkout is missing."""

import json
from pathlib import Path

import yaml

from pipeline.ingest.own_stages import code_of_stages, own_stages
from pipeline.run.code import ALL
from pipeline.settings.paths import INPUTS

ROOT = Path(__file__).parents[3]
CHECKOUT = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
OWN = own_stages()


def entries(stage: str) -> set[str]:
    """Return the entries of inputs.json that a stage depends on."""
    found = [param[INPUTS.as_posix()] for param in OWN[stage]["params"] if isinstance(param, dict)]
    return {entry for listed in found for entry in listed}


def test_stages_commands_and_what_they_write_are_those_of_the_checkout() -> None:
    assert list(OWN) == ["inputs", *CHECKOUT]
    for name, stage in CHECKOUT.items():
        kept = ("cmd", "matrix", "outs", "metrics", "plots")
        assert {key: OWN[name].get(key) for key in kept} == {key: stage.get(key) for key in kept}
        assert set(OWN[name]) == {*stage, "params"}


def test_each_dependency_is_kept_or_has_its_entry() -> None:
    for name, stage in CHECKOUT.items():
        code = set(code_of_stages()[name])
        assert {dep.split("/")[0] for dep in code} <= set(ALL)
        other = set(stage["deps"]) - set(OWN[name]["deps"]) - code
        assert all(dep.startswith(("requirements", "data/raw/")) for dep in other), other
        assert {dep.split("/")[0] for dep in OWN[name]["deps"]} <= {"data", "results", "params.yaml"}
        kept = stage.get("params", [])
        assert [param for param in OWN[name]["params"] if isinstance(param, str)] == kept
        assert f"code.{name}" in entries(name)
        assert ("libraries" in entries(name)) == any(dep.startswith("requirements") for dep in other)
    assert entries("prepare") >= {"code.prepare", "recordings.${item.corpus}"}
    assert entries("settings") == {"code.settings", "plugins"}


def test_the_file_of_stages_is_that_of_the_checkout() -> None:
    link = ROOT / "pipeline" / "ingest" / "stages.yaml"
    assert link.is_symlink()
    assert link.resolve() == ROOT / "dvc.yaml"


def test_the_first_stage_always_runs_and_dvc_keeps_no_copy_of_what_it_notes() -> None:
    assert OWN["inputs"]["always_changed"]
    assert json.dumps(OWN["inputs"]["outs"]) == '[{"data/work/inputs.json": {"cache": false}}]'
