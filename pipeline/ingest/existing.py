"""Extend the manifest and words.csv of an existing project: rows are added, and filled cells are never changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.corpora.manifest_columns import OURS
from pipeline.corpora.places import real_places
from pipeline.corpora.utterances import WORD_COLUMNS
from pipeline.errors import UserError, counted
from pipeline.ingest.folder.rows import Cells, Draft, distinct
from pipeline.ingest.folder.transcripts import Word
from pipeline.ingest.manifest_file import ManifestFile
from pipeline.tables.csv_cells import MARKS
from pipeline.tables.rules import folded

_SIDE = ("text_source", "words_source")  # filled only together with the text or the words that they describe
KNOWN = (*OURS, *_SIDE)


@dataclass
class Tables:
    """manifest.csv and words.csv while they are extended.

    Attributes
    ----------
    manifest, words
        The two files.
    changed
        The files to write, since their rows were changed.
    notes
        Sentences about what was added, filled or kept, and about recordings that no longer exist.
    """

    manifest: ManifestFile
    words: ManifestFile
    changed: list[ManifestFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def rows(self) -> list[Cells]:
        """Return the rows of the manifest except empty ones; cells are keyed by the names in the file's header."""
        names = [name.strip() for name in self.manifest.header if name != MARKS]
        found = (self.manifest.values(row).values() for row in self.manifest.rows if any(row))
        return [dict(zip(names, cells, strict=True)) for cells in found]


def tables_of(root: Path, *, anew: bool) -> Tables:
    """Read the tables of a project; they are empty if the files do not exist or are to be overwritten (`anew`).

    Raises
    ------
    UserError
        If a table cannot be read, or manifest.csv has no column `media`.
    """
    manifest = ManifestFile(root / "manifest.csv", KNOWN, anew=anew)
    if manifest.header and "media" not in map(folded, manifest.header):
        raise UserError(
            f"{root / 'manifest.csv'} has no column media, so it is not a list of recordings: use another folder for "
            "the project, or rename the file"
        )
    return Tables(manifest, ManifestFile(root / "words.csv", WORD_COLUMNS, anew=anew))


def add(tables: Tables, new: Draft, root: Path) -> None:
    """Add rows for recordings that the manifest lacks, fill empty cells of its other rows, and add missing words.

    Parameters
    ----------
    tables
        The tables; only they are changed, not the files.
    new
        The manifest as drafted from the folder now.
    root
        The folder of the manifest.
    """
    fresh = not tables.manifest.header
    held = _by_recording(tables.manifest, root)
    if fresh:
        for name in new.columns:
            tables.manifest.add_column(name)
    places = real_places([row["media"] for row in new.rows], root)
    rows = list(zip(places, new.rows, strict=True))
    words = dict(_fill(tables, held, [(place, row) for place, row in rows if place in held], new))
    added = [row for place, row in rows if place not in held]
    names = distinct([row["utterance"] for row in added], (cells.get("utterance", "") for _, cells in _cells(tables)))
    for row, name in zip(added, names, strict=True):
        tables.manifest.insert(len(tables.manifest.rows), {**row, "utterance": name})
        if row["utterance"] in new.words:
            words[name] = new.words[row["utterance"]]
    if added or fresh:
        tables.changed.append(tables.manifest)
    _add_words(tables, words)
    if not fresh:
        tables.notes.insert(0, f"manifest.csv: {counted(len(added), 'new recording') if added else 'no new recording'}")
        tables.notes += _gone(held)


def add_groups(tables: Tables) -> None:
    """If only some rows have a speaker and no row has a group, copy the speakers into the column `group`.

    A row that has neither is then grouped by its recording, while a protocol that groups by speaker would refuse it.
    """
    held = list(_cells(tables))
    named = [bool(cells.get("speaker")) for _, cells in held]
    if all(named) or not any(named) or any(cells.get("group") for _, cells in held):
        return
    for row, cells in held:
        tables.manifest.set(row, {"group": cells.get("speaker", "")})
    _note_changed(tables)


def save(tables: Tables) -> list[Path]:
    """Write the files in `changed`, and return their paths."""
    for file in tables.changed:
        file.save()
    return [file.path for file in tables.changed]


def _cells(tables: Tables) -> Iterator[tuple[list[str], Cells]]:
    return ((row, tables.manifest.values(row)) for row in tables.manifest.rows if any(row))


def _by_recording(manifest: ManifestFile, root: Path) -> dict[str, list[list[str]]]:
    rows = [row for row in manifest.rows if any(row)]
    places = real_places([manifest.values(row).get("media", "") for row in rows], root)
    held: dict[str, list[list[str]]] = {}
    for place, row in zip(places, rows, strict=True):
        held.setdefault(place, []).append(row)
    return held


def _note_changed(tables: Tables) -> None:
    if tables.manifest not in tables.changed:
        tables.changed.append(tables.manifest)


def _fill(
    tables: Tables, held: Mapping[str, Sequence[list[str]]], rows: Sequence[tuple[str, Cells]], new: Draft
) -> Iterator[tuple[str, tuple[Word, ...]]]:
    """Fill the empty cells of existing rows; yield the name and the words of each row for which `new` has words.

    `held` has the existing rows of each recording. `rows` are new rows, each with the path of its recording.
    """
    filled = differing = 0
    taken = {cells.get("utterance", "") for _, cells in _cells(tables)}
    for place, row in rows:
        same = [(own, tables.manifest.values(own)) for own in held[place]]
        own, cells = next(((own, cells) for own, cells in same if _span(cells) == _span(row)), ([], {}))
        if not own:
            continue
        missing = _missing(cells, row)
        if row["utterance"] in new.words and not cells.get("utterance") and row["utterance"] not in taken:
            missing["utterance"] = row["utterance"]  # words.csv refers to it
        name = cells.get("utterance") or missing.get("utterance")
        tables.manifest.set(own, missing)
        filled += len(missing.keys() - {*_SIDE, "utterance"})
        differing += len(_differing(cells, row))
        if row["utterance"] in new.words and name:
            yield name, new.words[row["utterance"]]
    if filled:
        _note_changed(tables)
        tables.notes.append(f"manifest.csv: {counted(filled, 'empty cell')} filled")
    if differing:
        kept = f"kept {counted(differing, 'cell')} that {'differs' if differing == 1 else 'differ'}"
        tables.notes.append(f"manifest.csv: {kept} from what the folder gives now; --force overwrites the manifest")


def _span(cells: Cells) -> tuple[str, str]:
    return cells.get("start", ""), cells.get("end", "")


def _missing(cells: Cells, row: Cells) -> Cells:
    """Return the cells of `row` that `cells` lacks, except `utterance`.

    `text_source` is returned only together with `text`.
    """
    found = {name: cell for name, cell in row.items() if cell and not _held(cells, name)}
    if "text" not in found:
        found.pop("text_source", None)
    return {name: cell for name, cell in found.items() if name != "utterance"}


def _differing(cells: Cells, row: Cells) -> list[str]:
    skipped = ("media", "utterance", "sound", *_SIDE)
    return [n for n, cell in row.items() if cell and n not in skipped and _held(cells, n) not in ("", cell)]


def _held(cells: Cells, name: str) -> str:
    return cells.get(name) or cells.get(name.casefold(), "")


def _add_words(tables: Tables, words: Mapping[str, Sequence[Word]]) -> None:
    """Add the words of utterances that have no words in words.csv yet."""
    timed = {tables.words.values(row).get("utterance", "") for row in tables.words.rows if any(row)}
    more = {name: own for name, own in words.items() if name not in timed}
    for name, own in more.items():
        for word, start, end in own:
            cells = zip(WORD_COLUMNS, (name, word, f"{start:.3f}", f"{end:.3f}"), strict=True)
            tables.words.insert(len(tables.words.rows), dict(cells))
    if more:
        tables.changed.append(tables.words)


def _gone(held: Mapping[str, Sequence[list[str]]]) -> list[str]:
    gone = [place for place in held if place and not Path(place).exists()]
    if not gone:
        return []
    verb = "no longer exists" if len(gone) == 1 else "no longer exist"
    return [
        f"manifest.csv: {counted(len(gone), 'recording')} {verb}, such as {gone[0]}: remove the rows of "
        "missing recordings"
    ]
