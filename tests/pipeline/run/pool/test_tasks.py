"""The list of what runs on workers is complete: each function exists, and no other one is given to a pool."""

import ast
import re
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from pipeline.run import clips
from pipeline.run.pool.cluster import Pool
from pipeline.run.pool.tasks import ON_WORKERS, echo, require_listed

ROOT = Path(__file__).parents[4]
GIVES_WORK = re.compile(r"(self\._)?(pool|client)\.(run|submit)")


@pytest.fixture(autouse=True)
def any_function_may_run_on_a_worker() -> None:
    """Undo the permission of the other tests: here the list applies."""


@pytest.mark.parametrize("name", ON_WORKERS)
def test_each_entry_is_an_existing_function(name: str) -> None:
    module, _, function = name.rpartition(".")
    assert callable(getattr(import_module(module), function))
    assert ON_WORKERS[name]


def handed_over() -> dict[str, str]:
    """Return, from the source, what each ``pool.run(...)`` or ``client.run(...)`` is given, and its place."""
    found = {}
    for file in sorted((ROOT / "pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not (
                isinstance(node, ast.Call) and re.fullmatch(r"(self\._)?(pool|client)\.(run|submit)", called(node))
            ):
                continue
            found[f"{file.relative_to(ROOT)}: {ast.unparse(node.args[0])}"] = called(node)
    return found


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def test_only_listed_functions_are_given_to_a_pool() -> None:
    given = {where.partition(": ")[2] for where in handed_over()}
    functions = {name.rpartition(".")[2] for name in ON_WORKERS}
    # `task` of clips.py is a partial of `work`; the work of a shift's part is what `Pool.run` was given
    assert given - {"task", "sent.part.work"} == functions - {"work"}


def test_the_pool_refuses_functions_that_are_not_listed() -> None:
    with pytest.raises(
        ValueError, match=r"builtins\.abs may not run on a worker: list it in pipeline\.run\.pool\.tasks"
    ):
        list(Pool(0).run(abs, [-1]))
    assert list(Pool(0).run(echo, ["a"])) == [("a", "a")]


def test_a_listed_function_may_be_partially_applied() -> None:
    step: Any = None
    require_listed(partial(clips.work, step, Path()))
    with pytest.raises(ValueError, match=r"test_tasks\.called may not run on a worker"):
        require_listed(partial(called, step))
