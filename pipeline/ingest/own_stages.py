"""The stages of a user's own project: those of dvc.yaml, without their dependencies on source code.

The stages, and the code that each runs, are listed only in dvc.yaml. In a checkout, `stages.yaml` is a link to it; in
an installed package, it is a copy. A user's own project has an additional first stage, `inputs`, which always runs and
writes data/work/inputs.json. Where a stage in a checkout depends on one of the items on the left, the same stage in the
user's project depends on an entry of inputs.json instead:

============================  =========================================================
in a checkout                 the entry of inputs.json
============================  =========================================================
files and folders of code     ``code.<stage>``: a hash of these files as they are installed
requirements.txt              ``libraries``: a hash of the installed versions
data/raw/<corpus>             ``recordings.<corpus>``: a hash of its tables and recordings
(nothing)                     ``plugins``: a hash of the files of the plugins
============================  =========================================================
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline.run.code import ALL
from pipeline.settings.paths import INPUTS

_FILE = Path(__file__).with_name("stages.yaml")
_RECORDINGS = "data/raw/"

Stage = dict[str, Any]


def code_of_stages() -> dict[str, list[str]]:
    """Return the code files and folders that each stage runs, relative to the folder of crossmodal's packages."""
    return {name: [dep for dep in stage["deps"] if _is_code(dep)] for name, stage in _stages().items()}


def own_stages() -> dict[str, Stage]:
    """Return the stages of a user's own project in the form of dvc.yaml."""
    return {"inputs": _INPUTS_STAGE, **{name: _own(name, stage) for name, stage in _stages().items()}}


_INPUTS_STAGE: Stage = {
    "cmd": "crossmodal inputs",
    "always_changed": True,
    "outs": [{INPUTS.as_posix(): {"cache": False}}],
}


def _stages() -> Mapping[str, Stage]:
    stages: Mapping[str, Stage] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["stages"]
    return stages


def _is_code(dep: str) -> bool:
    return dep.split("/")[0] in ALL


def _own(name: str, stage: Stage) -> Stage:
    own: Stage = {key: stage[key] for key in ("matrix", "cmd") if key in stage}
    own["deps"] = [dep for dep in stage["deps"] if not _is_code(dep) and not _entry(dep)]
    own["params"] = [*stage.get("params", []), {INPUTS.as_posix(): list(dict.fromkeys(_entries(name, stage)))}]
    return own | {key: value for key, value in stage.items() if key not in own}


def _entries(name: str, stage: Stage) -> Iterator[str]:
    yield f"code.{name}"
    if name == "settings":
        yield "plugins"
    yield from (entry for dep in stage["deps"] if (entry := _entry(dep)))


def _entry(dep: str) -> str:
    """Return the entry of inputs.json that is watched instead of a dependency, such as ``recordings.demo``.

    Return ``""`` for a dependency that no entry replaces, and for code: `_entries` adds one entry for all code of a
    stage.
    """
    if dep.startswith("requirements"):
        return "libraries"
    return f"recordings.{dep.removeprefix(_RECORDINGS)}" if dep.startswith(_RECORDINGS) else ""
