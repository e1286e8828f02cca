"""inputs: the first stage of a user's own project. It records what the other stages depend on but DVC cannot see.

It always runs, and takes about a second. It writes inputs.json; `pipeline.ingest.own_stages` says which stage depends
on which entry of this file.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from common.atomic import write_text
from pipeline.corpora.reading import read_corpus
from pipeline.corpora.sources import label_file
from pipeline.errors import UserError, counted
from pipeline.hashing import HashMemo
from pipeline.ingest.own_stages import code_of_stages
from pipeline.run.code import contents_of, installed_at
from pipeline.run.keys.description import key_of
from pipeline.run.keys.results import plugins_key
from pipeline.run.pool.fingerprint import libraries
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CACHE, INPUTS
from pipeline.settings.plugins import plugin_keys
from pipeline.settings.unions import UnionParams

_PROJECT = ("data", "results", "params.yaml", "dvc.yaml", "dvc.lock")  # these may lie beside recordings


def note_inputs(params: Params) -> str:
    """Write data/work/inputs.json for the corpora of `run.corpora`; return the sentence to print."""
    memo = HashMemo(CACHE / "hashes.json")
    files = {name: sorted(set(_files(params.corpus(name)))) for name in params.run.corpora}
    noted = {
        "crossmodal": version("crossmodal"),
        "code": {stage: key_of(contents_of(list(_below(code)))) for stage, code in code_of_stages().items()},
        "libraries": key_of(dict(libraries())),
        "plugins": plugins_key(plugin_keys(params.run.plugins)),
        "recordings": {name: key_of(_contents(found, memo)) for name, found in files.items()},
    }
    memo.save()
    write_text(INPUTS, json.dumps(noted, indent=1) + "\n")
    counts = ", ".join(f"{counted(len(found), 'file')} of {name}" for name, found in files.items())
    return f"inputs: crossmodal {noted['crossmodal']}, {counts}"


def _below(places: Sequence[str]) -> Iterator[Path]:
    """Yield this program's files at the given paths, each of which is a file or a folder."""
    for place in places:
        path = installed_at(place)
        below = (file for file in path.rglob("*") if file.is_file() and file.parent.name != "__pycache__")
        yield from sorted(below) if path.is_dir() else [path]


def _contents(files: Iterable[Path], memo: HashMemo) -> Mapping[str, str]:
    found = {}
    for path in files:
        try:
            found[path.as_posix()] = memo.sha256(path)
        except OSError:
            found[path.as_posix()] = ""  # missing or unreadable: `prepare` reports it
    return found


def _files(settings: CorpusParams) -> Iterator[Path]:
    """Yield the tables and recordings of a corpus, whether they exist or not.

    For a manifest, the recordings are the files that it names, in whatever folder. Every other corpus consists of all
    files in its folder, except hidden files and the files that belong to a project in the same folder.
    """
    if isinstance(settings, UnionParams):
        for part in settings.parts.values():
            yield from _files(part)
    elif settings.reader == "manifest":
        yield from _of_manifest(settings)
    else:
        yield from _of_folder(Path(settings.root))


def _of_manifest(settings: CorpusParams) -> Iterator[Path]:
    manifest = label_file(settings)
    yield from (manifest, manifest.with_name("words.csv"))
    try:
        table = read_corpus(settings).utterances
    except UserError:
        return  # `prepare` reports what is wrong with the tables, which have been yielded above
    for column in ("media", "sound"):
        yield from (Path(name) for name in table.get(column, []) if name)


def _of_folder(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Yield the files below a folder, but not hidden files and the project's own files.

    Links are followed, except to a folder that contains the link.
    """
    if (here := folder.resolve()) in above or not folder.is_dir():
        return
    own = {Path(name).resolve() for name in _PROJECT}
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and path.resolve() not in own:
            yield from _of_folder(path, above | {here}) if path.is_dir() else [path]
