"""dvc.yaml lists, for every stage, the code that it runs and no other: an edit of it makes the stage run again."""

import ast
import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from pipeline.run.code import ALL

ROOT = Path(__file__).parents[3]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]

# What these modules import is not followed, but for the stages that are named.
NOT_FOLLOWED = {
    # They check the settings, in the stage `settings`. The other stages depend on the values, which DVC compares.
    "pipeline.settings.params": ("settings",),
    "pipeline.settings.blocks": ("settings",),
    "pipeline.settings.validation": ("settings",),
    # Registries import all that they list. A stage that only looks up a name runs nothing of that.
    "features.registry": ("settings", "extract"),
    "features.text.fitted": ("settings", "train"),
    "models.registry": ("settings", "train"),
    "models.classical.classifiers": ("settings", "train"),
    "pipeline.corpora.registry": ("prepare",),
}


NAMED = re.compile(r"[\w.]+:[A-Z]\w*")  # a class imported when needed: models.fusion.vote:MajorityVote


def source(module: str) -> Path | None:
    """Return the file of one of our modules; an ``__init__`` holds no code of its own but imports."""
    path = ROOT.joinpath(*module.split("."))
    files = [path.with_suffix(".py"), path / "__init__.py"]
    return next((file for file in files if file.is_file()), None) if module.split(".")[0] in ALL else None


@cache
def imports(module: str) -> frozenset[str]:
    """Return our modules that a module imports, at its top or inside functions, but not those for type hints alone."""
    file = source(module)
    assert file is not None
    found = set()
    for node in executed(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and NAMED.fullmatch(node.value):
            found.add(node.value.partition(":")[0])
    return frozenset(name for name in found if source(name))


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from executed(node)


def run_by(stage: str) -> set[Path]:
    """Return the source files that a stage runs, as its imports say, without the command line."""
    return closure([f"pipeline.stages.{stage}"], stage)


def closure(modules: Collection[str], stage: str) -> set[Path]:
    """Return the source files that modules run in a stage."""
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            if stage in NOT_FOLLOWED.get(module, (stage,)):
                waiting += imports(module)
    files = {file for module in seen if (file := source(module)) is not None}
    return {file for file in files if file.name != "__init__.py"}


def code_listed(stage: str) -> list[Path]:
    deps = [dep for dep in STAGES[stage]["deps"] if isinstance(dep, str) and "${" not in dep]
    return [ROOT / dep for dep in deps if dep.split("/")[0] in ALL]


def held_by(dep: Path) -> set[Path]:
    return {f for f in dep.rglob("*.py") if f.name != "__init__.py"} if dep.is_dir() else {dep}


def shown(files: Collection[Path]) -> list[str]:
    return sorted(file.relative_to(ROOT).as_posix() for file in files)


def test_each_stage_of_dvc_has_its_module() -> None:
    modules = {file.stem for file in (ROOT / "pipeline" / "stages").glob("*.py")} - {"__init__"}
    assert set(STAGES) == modules - {"inputs"}  # the first stage of a user's own project
    for stage in STAGES:
        assert STAGES[stage]["cmd"].split()[:2] == ["crossmodal", stage]


@pytest.mark.parametrize("stage", STAGES)
def test_an_edit_of_any_code_that_a_stage_runs_makes_it_run_again(stage: str) -> None:
    covered = {file for dep in code_listed(stage) for file in held_by(dep)}
    missing = run_by(stage) - covered
    assert not missing, f"dvc.yaml, {stage}: add {', '.join(shown(missing))}, or the folders that hold them, to deps"


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "settings"])
def test_of_each_listed_folder_a_stage_runs_at_least_three_quarters(stage: str) -> None:
    """A folder of which it runs less is listed file by file, or edits beside it would make it run again.

    Only `settings`, which takes a second, lists all that may check a setting.
    """
    run = run_by(stage)
    assert all(dep.exists() for dep in code_listed(stage))
    idle = {dep for dep in code_listed(stage) if 4 * len(held_by(dep) & run) < 3 * len(held_by(dep))}
    assert not idle, f"dvc.yaml, {stage}: {', '.join(shown(idle))} is hardly or never run: take it out of deps"


APART = {  # an edit of this runs no stage but these, and `settings`
    "features/audio/mfcc.py": {"extract"},
    "features/text/tfidf.py": {"extract", "train"},
    "models/fusion/late.py": {"train"},
    "models/nets/layers.py": {"train", "report"},  # the page states the networks' settings
    "models/evaluation/paired_tests.py": {"train", "evaluate", "report"},
    "pipeline/streams/audio.py": {"prepare", "preprocess", "report"},  # the page plays recordings
    "pipeline/corpora/manifest.py": {"prepare"},
    "pipeline/exchange/importing.py": set(),
    "pipeline/inference/predict.py": set(),
    "pipeline/commands/run.py": set(),
    "pipeline/run/cache.py": {"prepare", "preprocess", "extract", "train", "report"},
    "pipeline/training/fitting.py": {"train"},
    "pipeline/evaluation/scoring.py": {"evaluate", "report"},
    "pipeline/reporting/page.py": {"evaluate", "report"},
}


@pytest.mark.parametrize("file", APART)
def test_an_edit_runs_the_stages_that_it_concerns_and_no_others(file: str) -> None:
    stages = set(STAGES) - {"settings"}
    again = {stage for stage in stages for dep in code_listed(stage) if ROOT / file in held_by(dep)}
    assert (ROOT / file).is_file()
    assert again <= APART[file]


def test_imports_are_found_at_the_top_and_inside_functions_but_not_for_type_hints() -> None:
    assert "features.store" in imports("pipeline.run.plans")
    assert "pipeline.streams.video" in imports("pipeline.run.streaming")  # inside a method
    assert "models.fusion.vote" in imports("models.registry")  # as a string
    tree = ast.parse("import a\nif TYPE_CHECKING:\n    import b\ndef f():\n    from c import d\n")
    names = [n.names[0].name for n in executed(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert names == ["a", "d"]
