"""Guess the settings of a corpus from its rows; a sentence for each guess says how to change it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.names import listed_names
from pipeline.errors import counted
from pipeline.ingest.extra import INSTALL
from pipeline.ingest.folder.columns import Label, is_number, task_of
from pipeline.ingest.folder.recordings import Recording
from pipeline.ingest.folder.rows import Cells
from pipeline.settings.blocks import Task
from pipeline.tables.rules import is_no_label
from pipeline.tables.splits import meanings

FOLDS = 5
SHOWN = 8  # at most this many labels are listed with their counts


@dataclass(frozen=True)
class Guess:
    """A corpus block of params.yaml, its settings for words, and the sentences that explain them."""

    block: Mapping[str, Any]
    words: Mapping[str, str]
    lines: tuple[str, ...]


def guess(
    name: str,
    rows: Sequence[Cells],
    recordings: Sequence[Recording],
    label: Label,
    task: Task | None,
    *,
    recognised: bool,
    aligned: bool,
) -> Guess:
    """Return the guessed settings of a corpus.

    Parameters
    ----------
    name
        The corpus.
    rows
        The rows of the manifest.
    recordings
        The recordings that the rows name.
    label
        The label column.
    task
        The task that the user chose; if None, it follows from the labels.
    recognised, aligned
        Whether the package that recognises words is installed, and whether the one that aligns them is.
    """
    modalities, of_modalities = _modalities(rows, recordings, recognised=recognised)
    if "text" in modalities:
        of_modalities += _words(rows, recordings, recognised=recognised, aligned=aligned)
    labels, of_labels = _labels(rows, label, task)
    protocol, of_protocol = _protocol(rows)
    block = {"reader": "manifest", "root": ".", **labels, "modalities": modalities, "protocol": protocol}
    if not labels["label"]:
        of_protocol = [line for line in of_protocol if not line.startswith("protocol")]
    lines = (*of_labels, *of_modalities, *of_protocol)
    made = {"transcribe": recognised, "align": aligned} if "text" in modalities else {}
    words = {name: "missing" for name, can in made.items() if can}
    return Guess(block, words, tuple(line.replace("corpora.NAME", f"corpora.{name}") for line in lines))


def _labels(rows: Sequence[Cells], label: Label, task: Task | None) -> tuple[dict[str, str], list[str]]:
    if not label.name:
        line = (
            f"labels: none, {label.why}: features are computed, but nothing is trained. Give labels with "
            "--labels FILE, --pattern or --label COLUMN"
        )
        return {"task": task or "classification", "label": ""}, [line]
    cells = [row.get(label.name, "") for row in rows]
    counts = Counter(cell for cell in cells if not is_no_label(cell))
    kind, why = task_of(label.name, cells)
    if len(counts) == 1:
        only = f"every {label.name} is {next(iter(counts))!r}"
        line = f"labels: none, since {only}: features are computed, but nothing can be learnt from one class"
        return {"task": "classification", "label": ""}, [line]
    shown = ", ".join(f"{name} {count}" for name, count in counts.most_common(SHOWN))
    more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    lines = [f"labels: {label.name}, {label.why}: {shown}{more}. Change this with --label COLUMN or --no-labels"]
    other = "regression" if (task or kind) == "classification" else "classification"
    lines.append(f"task: {task or kind} ({'as --task says' if task else why}); --task {other} changes it")
    odd = [] if (task or kind) == "classification" else [cell for cell in counts if not is_number(cell)]
    if odd:
        lines.append(
            f"{label.name} is not a number in {counted(sum(counts[cell] for cell in odd), 'row')} "
            f"({listed_names(odd[:SHOWN])}): correct manifest.csv first, and leave the cell empty if there is no label"
        )
    if empty := len(cells) - counts.total():
        lines.append(f"{counted(empty, 'row')} without a label: features are computed, but not used for training")
    if (task or kind) == "classification" and (once := [name for name, count in counts.items() if count == 1]):
        what = "all of them" if len(once) == len(counts) else listed_names(once[:SHOWN])
        lines.append(f"labels with only one row, which cannot be in both training and test: {what}")
    return {"task": task or kind, "label": label.name}, lines


def _modalities(
    rows: Sequence[Cells], recordings: Sequence[Recording], *, recognised: bool
) -> tuple[list[str], list[str]]:
    heard = sum(recording.heard for recording in recordings)
    seen = sum(bool(recording.info.video) for recording in recordings)
    written = Counter(row.get("text_source") or "given" for row in rows if row.get("text"))
    found = [f"sound in {heard}", f"pictures in {seen} of {counted(len(recordings), 'recording')}"]
    modalities = [name for name, count in (("audio", heard), ("video", seen)) if count]
    if written or (recognised and heard):
        modalities.insert(0, "text")
    sources = ", ".join(f"{count} {source}" for source, count in written.items())
    texts = (
        f"transcripts of {written.total()} of {counted(len(rows), 'row')} ({sources})" if written else "no transcripts"
    )
    lines = [f"modalities: {', '.join(modalities)} ({texts}, {', '.join(found)}); corpora.NAME.modalities changes them"]
    if "text" not in modalities and heard:
        lines.append(f"text is left out: give transcripts with --transcripts DIR, or recognise words after {INSTALL}")
    return modalities, lines


def _words(rows: Sequence[Cells], recordings: Sequence[Recording], *, recognised: bool, aligned: bool) -> list[str]:
    """Return sentences about words that will be recognised, and word times that will be aligned."""
    heard = len(rows) - sum(not recording.heard for recording in recordings)
    silent = min(heard, sum(not row.get("text") for row in rows))
    untimed = min(heard, sum(not row.get("words_source") for row in rows))
    lines = []
    if silent and recognised:
        lines.append(
            f"the words of {counted(silent, 'row')} will be recognised by an English model, since "
            "streams.text.transcribe is set to missing; set it to never to leave them out"
        )
    elif silent:
        lines.append(f"{counted(silent, 'row')} without text: their words can be recognised after {INSTALL}")
    if untimed and aligned:
        lines.append(f"word times will be aligned in {counted(untimed, 'row')}: streams.text.align is set to missing")
    return lines


def _protocol(rows: Sequence[Cells]) -> tuple[dict[str, Any], list[str]]:
    column, lines = _group(rows)
    if _has_parts(rows):
        lines.append("protocol: official, by the column split; corpora.NAME.protocol.kind changes it")
        return {"kind": "official", "group": column}, lines
    groups = {row.get(column) or row.get("media", "") for row in rows}
    folds = max(2, min(FOLDS, len(groups)))
    held = f"{counted(len(groups), column if column == 'speaker' else 'group')}"
    why = f"{held} allow no more" if folds < FOLDS else "each group is in a single fold"
    lines.append(f"protocol: group-kfold, {folds} folds ({why}); corpora.NAME.protocol.folds changes it")
    return {"kind": "group-kfold", "folds": folds, "group": column}, lines


def _group(rows: Sequence[Cells]) -> tuple[str, list[str]]:
    speakers = {row["speaker"] for row in rows if row.get("speaker")}
    if len(speakers) > 1:
        nameless = sum(not row.get("speaker") for row in rows)
        shown = f"{listed_names(sorted(speakers)[:SHOWN])}{' ...' * (len(speakers) > SHOWN)}"
        if not nameless:
            return "speaker", [f"group: speaker ({shown}); corpora.NAME.protocol.group changes it"]
        return "group", [
            f"group: the speaker ({shown}) or, in {counted(nameless, 'row')} without a speaker, the recording; to "
            "group these by speaker too, fill the columns speaker and group in manifest.csv"
        ]
    if speakers:
        return "group", ["only one speaker: results will say nothing about other people; each recording is a group"]
    return "group", [
        "it is not known who speaks: the same person may be in both training and test. Name the speakers with "
        "--pattern and {speaker}, or in a column speaker of manifest.csv; --speakers-unknown accepts this"
    ]


def _has_parts(rows: Sequence[Cells]) -> bool:
    names = {row["split"] for row in rows if row.get("split")}
    meant, _ = meanings(names, {})
    return {"train", "test"} <= {*meant.values()} and len(meant) == len(names)
