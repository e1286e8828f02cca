"""--json: one document with the keys that docs/json.md names, and nothing else on standard output."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from cli import main
from pipeline.commands.common import echo_json
from pipeline.inspection import doctor
from pipeline.inspection.doctor import Check
from tests.conftest import ROOT, invoke, write_csv

PAGE = (ROOT / "docs/json.md").read_text()
SECTIONS = dict(re.findall(r"^## `(crossmodal [^`]+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
STORE = "data/work/c/features/vader.h5"


def documented(section: str) -> set[str]:
    """Return the keys in the first column of a section's table, and those of nested objects in the second one."""
    keys: set[str] = set()
    for first, second in re.findall(r"^\| (`.*?) \| (.*) \|$", section, re.MULTILINE):
        keys |= set(re.findall(r"`([a-z_.]+)`", first))
        keys |= set(re.findall(r"`([a-z_]+\.[a-z_]+)`", second))
    return keys


def keys_of(found: dict[str, Any]) -> set[str]:
    """Return the keys of a document, and those of the objects that its lists hold, behind a dot."""
    inner = {f"{key}.{own}" for key, rows in found.items() if isinstance(rows, list) for own in _first(rows)}
    return set(found) | inner


def _first(rows: list[Any]) -> list[str]:
    return [key for row in rows[:1] if isinstance(row, dict) for key in row]


@pytest.mark.parametrize("command", SECTIONS)
def test_a_document_has_the_keys_that_the_page_names(command: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "checks", lambda: iter([Check("Python", True, "3.11")]))
    stands_for = {"FILE": STORE, "CLIP": "new", "UTTERANCE": "u3", "MODEL": "results/c/models/tfidf-text-logistic"}
    words = [stands_for.get(word, word) for word in shlex.split(command)[1:]]
    words += ["--strategy", "unimodal:text:logistic", "--workers", "0"] if words[0] == "explain" else []
    if words[0] == "predict":
        write_csv(here / "new/manifest.csv", ("utterance", "text"), [("x", "a good number")])
        assert invoke("fit", "--corpus", "c", "--strategy", "tfidf").exit_code == 0
    done = invoke(*words)
    assert done.exit_code == 0, done.output
    named, printed = documented(SECTIONS[command]), keys_of(json.loads(done.stdout))
    nested = {key.partition(".")[0] for key in named if "." in key}
    assert named - printed <= {"damaged.file", "damaged.fault"}  # nothing is damaged
    assert {key for key in printed if "." not in key or key.partition(".")[0] in nested} <= named


def test_every_command_with_the_option_has_a_section() -> None:
    def with_option(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from with_option(command, (*path, name))
            elif any("--json" in parameter.opts for parameter in command.params):
                yield " ".join((*path, name))

    described = {" ".join(word for word in title.split()[1:] if word.islower()) for title in SECTIONS}
    for command in with_option(main):
        assert any(title.startswith(command) for title in described), command


def test_a_failure_keeps_its_exit_code_and_leaves_the_document_whole(here: Path) -> None:
    (here / "results/c/predictions.csv").write_text("utterance\n")
    done = invoke("status", "--verify", "--json")
    assert done.exit_code == 1
    assert [one["file"] for one in json.loads(done.stdout)["damaged"]] == ["results/c/predictions.csv"]
    assert "1 of " in done.stderr
    with (here / "raw/manifest.csv").open("a") as file:
        file.write("u3,again,a,s1\n")
    done = invoke("validate", "c", "--json")
    assert done.exit_code == 1
    [corpus] = json.loads(done.stdout)["corpora"]
    assert corpus["counts"]["error"] == 1
    assert next(p["line"] for p in corpus["problems"] if p["severity"] == "error") == 18


def test_what_json_cannot_hold_is_written_as_what_it_means(capsys: pytest.CaptureFixture[str]) -> None:
    echo_json({"a": float("nan"), "b": np.float32(0.5), "c": Path("x/y"), "d": (np.int64(3), True), "e": "\x1b\ud800"})
    found = json.loads(capsys.readouterr().out)
    assert found == {"a": None, "b": 0.5, "c": "x/y", "d": [3, True], "e": "\x1b\ud800"}


def test_cache_gc_deletes_nothing_unless_told_to(here: Path) -> None:
    unused = here / "data/cache/vader/ab" / f"{'ab' * 32}.clip"
    unused.parent.mkdir(parents=True)
    unused.write_bytes(bytes(1500))
    found = json.loads(invoke("cache", "gc", "--json").stdout)
    assert (found["clips"], found["size"], found["deleted"]) == (1, 1500, None)
    assert unused.exists()
    assert json.loads(invoke("cache", "gc", "--json", "--yes").stdout)["deleted"]["clips"] == 1
    assert not unused.exists()
