"""Source files are found by package."""

import hashlib
from pathlib import Path

import pytest

from pipeline.run import code
from pipeline.run.code import ALL, OF_A_FIT, contents_of, files_of
from tests.pipeline.stages.test_dependencies import closure, shown

ROOT = Path(__file__).parents[3]


def test_all_files_of_a_package_and_of_those_below_it_are_found() -> None:
    found = {file.relative_to(ROOT).as_posix() for file in files_of(("features.text", "models"))}
    expected = {f.relative_to(ROOT).as_posix() for p in ("features/text", "models") for f in (ROOT / p).rglob("*.py")}
    assert found == expected
    assert {"models/data/align.py", "features/text/tfidf.py"} <= found


def test_content_is_hashed_by_path() -> None:
    file = ROOT / "common" / "words.py"
    assert contents_of([file]) == {"common/words.py": hashlib.sha256(file.read_bytes()).hexdigest()}


def test_a_missing_package_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"no package named 'pipeline\.errors'"):
        files_of(("pipeline.errors",))


def test_all_packages_of_the_program_are_listed() -> None:
    apart = {
        "tests",
        "benchmarks",
        "crossmodal",
    }  # crossmodal is the interface for notebooks: neither stages nor workers run it
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")} - apart
    assert set(ALL) == packages


def test_every_change_of_a_source_file_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "own_package"
    (package / "below").mkdir(parents=True)
    for name in ("__init__.py", "a.py", "below/b.py"):
        (package / name).write_text(name)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(code, "_ROOT", tmp_path)

    def contents() -> frozenset[tuple[str, str]]:
        files_of.cache_clear()
        return frozenset(contents_of(files_of(("own_package",))).items())

    seen = {contents()}
    (package / "a.py").write_text("x")
    seen.add(contents())
    (package / "below" / "b.py").rename(package / "below" / "c.py")
    seen.add(contents())
    (package / "below" / "new.py").touch()
    seen.add(contents())
    assert len(seen) == 4


READS_FILES = (  # modules that a fit runs in addition to its packages: file content counts, not the code that reads it
    "features/base.py",
    "features/errors.py",
    "features/store/",
    "features/types.py",
    "features/weights.py",
    "pipeline/corpora/",
    "pipeline/errors.py",
    "pipeline/foreign.py",
    "pipeline/hashing.py",
    "pipeline/run/",
    "pipeline/settings/",
    "pipeline/tables/",
)


def test_all_code_that_a_fit_runs_is_part_of_its_key() -> None:
    run = closure(["pipeline.training.fitting"], "train")
    outside = shown(run - set(files_of(OF_A_FIT)))
    assert len(run) > 60
    assert [file for file in outside if not file.startswith(READS_FILES)] == []
