"""Write the tables of a selection from the tables of its corpus, and link the stores imported for that corpus."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.names import closest
from features.errors import StoreError
from features.store import is_imported
from pipeline.corpora.utterances import read_table, read_utterances, write_tables
from pipeline.errors import UserError, counted, refuse_pipe
from pipeline.foreign import one_line
from pipeline.run.locks import writing
from pipeline.selections.spreading import spread
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.selected import MARK, SELECTION, Chosen, Selection, chosen, corpus_of
from pipeline.tables.bound import TABLES, read_record
from pipeline.tables.encodings import encoding_of

_OF_FILES = ("files", "command", "version")  # entries of a record that belong to the tables themselves
_SHOWN = 3


def select(params: Params, corpus: str, selection: Selection) -> str:
    """Write a selection's tables from those of its prepared corpus; return the selection's name, such as ``demo@20``.

    Raises
    ------
    UserError
        If the corpus is not prepared, or if the selection's file cannot be read, lists no utterances, or lists one that
        the corpus does not have.
    """
    name = f"{corpus}{MARK}{selection.name}"
    own, whole = CorpusPaths(name), CorpusPaths(corpus)
    table = read_utterances(whole.utterances, params.corpus(corpus).label)
    at = (
        _listed(selection.file, table, corpus)
        if selection.file
        else spread(table, params.corpus(corpus), selection.limit)
    )
    there = Chosen(selection, len(at), len(table))
    record = {key: entry for key, entry in read_record(whole.work / TABLES).items() if key not in _OF_FILES}
    with writing(own.utterances):
        tables = {path.name: _rows(path, set(table["utterance"].iloc[at])) for path in (whole.utterances, whole.words)}
        command = f"crossmodal prepare --corpus {name}"
        write_tables(tables, own.work, TABLES, command, {**record, SELECTION: there.entry()})
        _link_imported(whole, own)
    return name


def select_again(params: Params, name: str) -> str:
    """Rewrite the tables of a selection after its corpus was prepared; return a sentence on what it contains."""
    select(params, corpus_of(name), chosen(name).selection)
    return f"{name}: {chosen(name)}"


def _rows(path: Path, names: set[str]) -> pd.DataFrame:
    """Return the rows of a CSV table that belong to the named utterances, with each cell as the file writes it."""
    table = read_table(path, dtype=str)
    return table[table["utterance"].isin(names)]


def _listed(file: str, table: pd.DataFrame, corpus: str) -> NDArray[np.intp]:
    """Return the positions in the table of the utterances that a file lists; the positions are in ascending order."""
    path = Path(file)
    refuse_pipe(path)
    try:
        raw = path.read_bytes()
        lines = raw.decode(encoding_of(raw)).splitlines()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}: --utterances takes a file with one utterance per line") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text in UTF-8 or UTF-16 ({error.reason}): save it as UTF-8") from error
    wanted = {line.strip(): number for number, line in reversed([*enumerate(lines, 1)]) if line.strip()}
    if not wanted:
        raise UserError(
            f"{path} lists no utterances: write one name per line; the names are in {CorpusPaths(corpus).utterances}"
        )
    known = table["utterance"]
    _require_known(path, wanted, known.tolist(), corpus)
    return np.flatnonzero(known.isin(wanted))


def _require_known(path: Path, wanted: dict[str, int], known: Sequence[str], corpus: str) -> None:
    there = set(known)
    unknown = sorted((line, name) for name, line in wanted.items() if name not in there)
    if not unknown:
        return
    near = [(line, name, closest(name, known)) for line, name in unknown[:_SHOWN]]
    shown = [
        f"line {line}: {one_line(name, 60)!r}" + (f" (did you mean {hint!r}?)" if hint else "")
        for line, name, hint in near
    ]
    rest = ", ..." if len(unknown) > _SHOWN else ""
    raise UserError(
        f"{path} lists {counted(len(unknown), 'name')} that {corpus} does not have: {', '.join(shown)}{rest}. "
        f"The names are in {CorpusPaths(corpus).utterances}"
    )


def _link_imported(whole: CorpusPaths, own: CorpusPaths) -> None:
    """Link the corpus's imported stores, which contain the selected utterances too, into the selection's folder."""
    links = own.features("x").parent
    links.mkdir(parents=True, exist_ok=True)
    for link in (path for path in links.glob("*.h5") if path.is_symlink()):
        link.unlink()
    for path in sorted(whole.features("x").parent.glob("*.h5")):
        try:
            imported = is_imported(path)
        except StoreError:  # whoever reads it says what is wrong
            continue
        if imported:
            own.features(path.stem).unlink(missing_ok=True)
            own.features(path.stem).symlink_to(path.resolve())
