"""Make a project from a folder of recordings: list them, guess the settings, explain the guesses, write the files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from common.atomic import write_text
from common.names import listed_names
from features.weights import not_installed
from pipeline.corpora.adding import add_corpus, add_missing, set_label
from pipeline.corpora.utterances import write_table
from pipeline.errors import UserError, counted
from pipeline.ingest.existing import Tables, add, add_groups, save, tables_of
from pipeline.ingest.folder.columns import Label
from pipeline.ingest.folder.folders import LABEL
from pipeline.ingest.folder.guesses import Guess, guess
from pipeline.ingest.folder.known import Sources, known_cells, label_in
from pipeline.ingest.folder.recordings import Found, LeftOut, files_below, find
from pipeline.ingest.folder.rows import Cells, draft, relative
from pipeline.ingest.folder.transcripts import Transcript, transcripts_of
from pipeline.ingest.project_files import write_project_files
from pipeline.ingest.settings_text import needed_blocks, settings_text
from pipeline.ingest.timed_text.registry import is_timed_text
from pipeline.settings.blocks import CorpusParams, Task
from pipeline.settings.params import load_params
from pipeline.settings.paths import check_name
from pipeline.settings.yaml_file import read_yaml

OWN = ("data/work", "data/cache", "data/raw", "results")  # the project's own folders, which are not searched
PARAMS, MANIFEST, WORDS, LEFT_OUT = (
    Path(name) for name in ("params.yaml", "manifest.csv", "words.csv", "left_out.csv")
)
LONG_S = 60.0  # a longer recording is rarely a single utterance
_SHOWN = 10  # at most this many files are listed


@dataclass(frozen=True)
class Options:
    """The options of `crossmodal init`.

    Attributes
    ----------
    folder
        The folder of the recordings.
    name
        The name of the corpus; if empty, the name of the project's only corpus, or else that of the folder.
    pattern, labels, transcripts
        The pattern of file names, the table of labels and the folder of transcripts; empty or None if not given.
    label
        The column or field that is the label; if empty, it is guessed.
    unlabelled
        Whether to ignore labels, even if a column looks like them.
    task
        Whether labels are classes or scores; if None, the labels decide.
    speakers_unknown
        Whether the user acknowledges that the speakers are unknown.
    force
        Whether existing files are overwritten.
    """

    folder: Path
    name: str = ""
    pattern: str = ""
    labels: Path | None = None
    transcripts: Path | None = None
    label: str = ""
    unlabelled: bool = False
    task: Task | None = None
    speakers_unknown: bool = False
    force: bool = False


@dataclass(frozen=True)
class Project:
    """What `init` would write into the current folder, and the lines that explain it."""

    name: str
    tables: Tables
    guess: Guess
    left_out: tuple[LeftOut, ...]
    lines: tuple[str, ...]
    asked: bool = False  # whether the user named the label


def plan(options: Options) -> Project:
    """Plan the project for a folder of recordings; nothing is written.

    Raises
    ------
    UserError
        If there are no recordings, if an option or a file that it names cannot be used, or if the current folder is a
        checkout of crossmodal or belongs to a different corpus.
    """
    root = Path()
    _refuse_checkout(root)
    name = options.name or _name_of(options.folder)
    check_name(name)
    found = find(options.folder, [root / own for own in OWN])
    _refuse_nothing(found)
    lines = [_counts(found), *found.notes, *_left_out(found)]
    tables = tables_of(root, anew=options.force)
    settled = _settled(name, force=options.force)
    asked = options.label or (settled.label if settled else "")
    unlabelled = options.unlabelled or (settled is not None and not (asked or options.pattern or options.labels))
    own = [root / MANIFEST, root / WORDS, root / LEFT_OUT]
    fresh = not tables.manifest.header or LABEL in tables.manifest.header
    sources = Sources(options.pattern, options.labels, fresh and not unlabelled, own)
    known = known_cells(found, sources)
    transcripts, notes = _transcripts(found, options.transcripts)
    made = draft(found, known.cells, transcripts, root)
    add(tables, made, root)
    if settled is None or settled.protocol.group == "group":
        add_groups(tables)
    else:
        notes = [*notes, *_without_group(tables.rows(), settled.protocol.group)]
    rows = tables.rows()
    lines += [*known.notes, *notes, *made.notes, *tables.notes, *_long(found, rows)]
    label = Label("", "as --no-labels or the settings say") if unlabelled else label_in(rows, asked)
    recognised, aligned = (find_spec(package) is not None for package in ("faster_whisper", "pocketsphinx"))
    guessed = guess(name, rows, found.recordings, label, options.task, recognised=recognised, aligned=aligned)
    if options.speakers_unknown:
        guessed = replace(guessed, block={**guessed.block, "speakers_unknown": True})
    said = guessed.lines if settled is None else _settled_lines(name, settled, guessed, rows)
    return Project(name, tables, guessed, found.left_out, (*lines, *said), asked=bool(options.label))


def _refuse_checkout(root: Path) -> None:
    project = root / "pyproject.toml"
    if project.is_file() and 'name = "crossmodal"' in project.read_text(encoding="utf-8", errors="replace"):
        raise UserError(
            "this folder is a checkout of crossmodal: make a folder of your own and run `crossmodal init FOLDER` "
            "there, or add a corpus to this one with `crossmodal add-corpus`"
        )


def _name_of(folder: Path) -> str:
    """Return the name of the project's only corpus, else that of the folder, with _ for special characters."""
    if PARAMS.is_file():
        own = [name for name, corpus in load_params(PARAMS).corpora.items() if _is_here(corpus)]
        if len(own) == 1:
            return own[0]
    plain = "".join(char if char.isalnum() or char in "_-" else "_" for char in folder.resolve().name)[:100]
    return plain.lstrip("-") if any(map(str.isalnum, plain)) else "recordings"


def _settled(name: str, *, force: bool) -> CorpusParams | None:
    """Return the existing settings of a corpus; None if it is new, or is to be replaced (`force`).

    Raise `UserError` if the current folder belongs to a different corpus, or if this corpus belongs to a different
    folder and is not to be replaced.
    """
    corpora = load_params(PARAMS).corpora if PARAMS.is_file() else {}
    others = [other for other, corpus in corpora.items() if other != name and _is_here(corpus)]
    if others and not (name in corpora and _is_here(corpora[name])):
        raise UserError(
            f"this folder is the project of the corpus {others[0]}: make another folder for {name}, or add it with "
            "`crossmodal add-corpus`"
        )
    if name not in corpora or force:
        return None
    if not _is_here(corpora[name]):
        raise UserError(
            f"{PARAMS} already has a corpus {name} in {corpora[name].root}: choose another name with --name, or "
            "replace its block with --force"
        )
    return corpora[name]


def _settled_lines(name: str, settled: CorpusParams, guessed: Guess, rows: Sequence[Cells]) -> list[str]:
    """Return the lines to print for a corpus that already has settings: guesses about its rows, and these settings."""
    of_settings = ("task:", "modalities:", "group:", "protocol:")
    protocol = settled.protocol
    folds = f", {protocol.folds} folds" if protocol.kind in ("group-kfold", "crossfit") else ""
    grouped = protocol.group != "group" or any(row.get("group") for row in rows)
    apart = (
        []
        if grouped or guessed.block["protocol"]["group"] != "speaker"
        else [
            f"every row has a speaker now: set corpora.{name}.protocol.group to speaker in {PARAMS}, so that nobody "
            "is in both training and test"
        ]
    )
    return [
        *(line for line in guessed.lines if not line.startswith(of_settings)),
        *apart,
        f"{PARAMS} already has corpora.{name} and is not changed: {settled.task}, {', '.join(settled.modalities)}, "
        f"{protocol.kind} by {protocol.group}{folds}; --force replaces this block with new guesses",
    ]


def _is_here(corpus: CorpusParams) -> bool:
    return corpus.reader == "manifest" and Path(corpus.root) == Path()


def _refuse_nothing(found: Found) -> None:
    if found.recordings:
        return
    if found.left_out:
        lines = "\n".join(f"  {left.place} {left.reason}" for left in found.left_out[:_SHOWN])
        raise UserError(f"{found.folder} holds no recording that can be used; these files are left out:\n{lines}")
    held = sorted({place.suffix.lower() or "no suffix" for place in found.others})
    what = f", only {counted(len(found.others), 'file')} ({listed_names(held)})" if held else ""
    raise UserError(f"{found.folder} holds no recordings{what}: give the folder of your recordings")


def _counts(found: Found) -> str:
    seconds = sum(recording.info.duration_s for recording in found.recordings)
    suffixes = listed_names(sorted({recording.place.suffix.lower() for recording in found.recordings}))
    folders = len({recording.place.parent for recording in found.recordings})
    return (
        f"{counted(len(found.recordings), 'recording')} in {counted(folders, 'folder')} of {found.folder} "
        f"({suffixes}), {seconds / 60:.1f} minutes"
    )


def _left_out(found: Found) -> list[str]:
    shown = [f"left out: {left.place} {left.reason}" for left in found.left_out[:_SHOWN]]
    more = len(found.left_out) - _SHOWN
    return [*shown, f"left out: {more} more, which {LEFT_OUT} lists"] if more > 0 else shown


def _without_group(rows: Sequence[Cells], column: str) -> list[str]:
    nameless = sum(not row.get(column) for row in rows)
    if not nameless:
        return []
    return [
        f"{counted(nameless, 'row')} without a {column}, by which the protocol groups rows: fill the column in "
        f"{MANIFEST}, or give it with --pattern"
    ]


def _long(found: Found, rows: Sequence[Cells]) -> list[str]:
    """Return a sentence about long recordings that are still one utterance each; an empty list if there are none."""
    cut = {row.get("media", "") for row in rows if row.get("start") or row.get("end")}
    media = [relative(r.path, Path()) for r in found.recordings if r.info.duration_s > LONG_S]
    whole = [name for name in media if name not in cut]
    if not whole:
        return []
    return [
        f"{counted(len(whole), 'recording')} longer than {LONG_S:g} s but still one utterance, such as {whole[0]}: "
        "`crossmodal segment RECORDING` cuts a recording at its subtitles, or where nobody speaks"
    ]


def _transcripts(found: Found, folder: Path | None) -> tuple[dict[PurePosixPath, Transcript], list[str]]:
    if folder is not None and not folder.is_dir():
        raise UserError(f"--transcripts {folder} is not a folder: give the folder of the transcripts")
    files = {place: found.folder / place for place in found.others if is_timed_text(found.folder / place)}
    if folder is not None:
        files = {place: folder / place for place in sorted(files_below(folder)) if is_timed_text(folder / place)}
        if not files:
            raise UserError(f"--transcripts {folder} holds no transcripts: give another folder")
    made, notes = transcripts_of(found.recordings, files)
    if folder is not None and not made:
        first = next(iter(files))
        raise UserError(
            f"--transcripts {folder}: none of the transcripts (such as {first}) is named like a recording: rename them"
        )
    return made, notes


def write(project: Project, *, force: bool) -> list[str]:
    """Write a project into the current folder, and return lines about the files written and the next commands."""
    root = Path()
    of_dvc = write_project_files(root, force=force)  # this and the settings may fail, so they come before the tables
    lines, files = [], []
    if PARAMS.exists():
        lines += _into_settings(project, force=force)
    else:
        write_text(PARAMS, settings_text(project.name, project.guess, len(project.tables.rows())))
        files.append(PARAMS)
    files = [*save(project.tables), *_write_left_out(project.left_out), *files]
    files += of_dvc
    lines.append(f"wrote {', '.join(map(str, files))}" if files else "nothing is new")
    return [*lines, *_next(project)]


def _write_left_out(left_out: Sequence[LeftOut]) -> list[Path]:
    if not left_out:
        LEFT_OUT.unlink(missing_ok=True)
        return []
    write_table(pd.DataFrame([vars(left) for left in left_out]).rename(columns={"place": "file"}), LEFT_OUT)
    return [LEFT_OUT]


def _into_settings(project: Project, *, force: bool) -> list[str]:
    """Add the corpus to existing settings, and return lines about it; its existing block is replaced only with `force`.

    Without `force`, a label that the user named is entered in the existing block if the block has none.
    """
    settled = _settled(project.name, force=force)
    if settled is None:
        block = project.guess.block
        *lines, _ = add_corpus(
            PARAMS, project.name, _as_options(block), also_run=True, force=force
        )  # the line that is dropped names the next command
        extract = (read_yaml(PARAMS).get("features") or {}).get("extract") or []
        add_missing(PARAMS, needed_blocks(block, extract))
        return lines
    label, task = project.guess.block["label"], project.guess.block["task"]
    if settled.label or not label:
        return []
    if project.asked:
        return set_label(PARAMS, project.name, label, task)
    return [
        f"{PARAMS}: corpora.{project.name}.label is empty: `crossmodal init FOLDER --label {label}` sets it to "
        f"{label}, and task to {task}"
    ]


def _as_options(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return a block as the options of `crossmodal add-corpus`."""
    rest = {name: value for name, value in block.items() if name not in ("modalities", "protocol")}
    return {**rest, "modalities": ",".join(block["modalities"]), **block["protocol"]}


def _next(project: Project) -> list[str]:
    label, count = load_params(PARAMS).corpus(project.name).label, counted(len(project.tables.rows()), "utterance")
    then = f" && crossmodal evaluate {project.name} --show" if label else ""
    return [
        f"{count}; correct {MANIFEST} and {PARAMS} where a guess is wrong. Next:",
        *_weights_first(),
        f"  dvc repro{then}",
    ]


def _weights_first() -> list[str]:
    """Return the command that installs the weights that the settings need; an empty list if none are missing."""
    missing = set(not_installed()) & set(load_params(PARAMS).extract)
    return [f"  crossmodal models install    (the weights of {listed_names(sorted(missing))})"] if missing else []
