"""Check that results are current: the predictions, the table made from them, and the page made from both.

Every command that shows or uses results makes these checks first. They compare contents, never the times of files.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from pipeline.errors import Changed, OutOfDate, Untrainable, UserError, refuse_pipe
from pipeline.evaluation.results import metrics_of
from pipeline.run.keys import results as keys
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.plugins import plugin_keys
from pipeline.tables import bound
from pipeline.tables.bound import TABLES
from pipeline.training.labels import require_label
from pipeline.training.trained import Record, inputs_of, read_record, require_features

PREDICTIONS = "the predictions"
MADE_OF = "made_of"  # key in the records of `evaluate`
_MARK = re.compile(r'<meta name="crossmodal-made-of" content="([0-9a-f]{64})">')


def require_trained(params: Params, name: str) -> Record:
    """Return the record of the predictions after checking that it matches the current labels, features and settings.

    Features, streams and tables may be missing, since the predictions made from them can still be used.

    Raises
    ------
    UserError
        If there are no predictions.
    OutOfDate
        If something has changed since the predictions were made. The message says what, and which command to run.
    Untrainable
        If the record says that nothing could be learnt.
    """
    require_label(params, name)
    path, train = CorpusPaths(name).predictions, f"`crossmodal train --corpus {name}`"
    record = read_record(name)
    if record is None:
        missing = CorpusPaths(name).results / bound.TRAINED if path.exists() else path
        raise UserError(f"{missing} does not exist: run {train} first")
    bound.require_all_there(CorpusPaths(name).results / bound.TRAINED)
    require_features(params, name, missing_too=True)
    if changed := record.changes(inputs_of(params, name)):
        since = f"changed since: {', '.join(changed)}"
        raise OutOfDate(f"{path} was made from other labels, features or settings ({since}): run {train}")
    if record.untrained:
        raise Untrainable(record.untrained)
    return record


def require_same(record: Record, params: Params, name: str) -> None:
    """Raise `Changed` if the predictions, or anything that they were made from, changed since `record` was read."""
    if (now := read_record(name)) is None or now.content != record.content:
        raise Changed(
            f"{CorpusPaths(name).predictions} was rewritten meanwhile: run the same command again when "
            f"`crossmodal train --corpus {name}` has ended"
        )
    if changed := record.changes(inputs_of(params, name)):
        raise Changed(f"{', '.join(changed)} changed meanwhile: run the same command again")


def made_of(params: Params, name: str, record: Record) -> dict[str, str]:
    """Return what `evaluate` depends on: the content key of each input, keyed by the input's name."""
    corpus = params.corpus(name)
    metrics = [metric.name for metric in metrics_of(corpus)]
    plugins, settings = plugin_keys(params.run.plugins), asdict(params.evaluate)
    return {
        PREDICTIONS: record.content,
        **keys.evaluation_inputs(name, metrics, corpus.note, plugins, settings),
        **({f"corpora.{name}.speakers_unknown": "true"} if corpus.speakers_unknown else {}),
    }


def require_evaluated(params: Params, name: str) -> Record:
    """Return the record of the predictions after checking that the table and images are up to date.

    Raises
    ------
    UserError
        If there is no table.
    OutOfDate
        If something has changed since the table was made. The message says what, and which command to run.
    """
    record = require_trained(params, name)
    now, evaluate = made_of(params, name, record), f"`crossmodal evaluate --corpus {name}`"
    for folder in _folders(name):
        then = _made_of_then(folder, evaluate)
        if other := [what for what in {**then, **now} if then.get(what) != now.get(what)]:
            raise OutOfDate(
                f"{folder / 'table.csv' if folder.name != 'images' else folder} is out of date: {', '.join(other)} "
                f"changed since it was made. Run {evaluate} again"
            )
    return record


def _folders(name: str) -> tuple[Path, Path]:
    """Return the folders that `evaluate` writes, each with a record."""
    folder = CorpusPaths(name).results
    return folder, folder / "images"


def _made_of_then(folder: Path, evaluate: str) -> dict[str, str]:
    """Return what the tables in a folder were made from; raise `UserError` if there are none, or some are missing."""
    path = folder / TABLES
    if not path.exists():
        first = "again" if (folder / "table.csv").exists() else "first"
        raise UserError(f"{path} does not exist: run {evaluate} {first}")
    then = bound.read_record(path).get(MADE_OF)
    if not isinstance(then, dict):
        raise UserError(f"{path} does not record what the files beside it were made from: run {evaluate} again")
    bound.require_all_there(path)
    return then


@contextmanager
def evaluated(params: Params, name: str) -> Iterator[str]:
    """Yield the key of a corpus's tables, and check before and after the ``with`` block that they are current.

    Raises
    ------
    UserError
        If the tables are not current.
    Changed
        If they were rewritten while the block ran.
    """
    require_evaluated(params, name)
    key = page_key(params, name)
    yield key
    _require_same_tables(params, name, key)
    require_evaluated(params, name)


@contextmanager
def as_written(params: Params, name: str) -> Iterator[str]:
    """Yield why a corpus's tables are out of date, or "" if they are current; in either case, they may be shown.

    Raises
    ------
    UserError
        If there are no tables, or some of their files are missing.
    Untrainable
        If nothing could be learnt.
    Changed
        If the tables were rewritten, or became out of date, while the ``with`` block ran.
    """
    why, key = _out_of_date(params, name), page_key(params, name)
    yield why
    _require_same_tables(params, name, key)
    if later := _out_of_date(params, name) if not why else "":
        raise Changed(later)


def _out_of_date(params: Params, name: str) -> str:
    try:
        require_evaluated(params, name)
    except OutOfDate as error:
        if (record := read_record(name)) is None or record.untrained:
            raise
        for folder in _folders(name):
            _made_of_then(folder, f"`crossmodal evaluate --corpus {name}`")
        return str(error)
    return ""


def _require_same_tables(params: Params, name: str, key: str) -> None:
    if page_key(params, name) != key:
        raise Changed(f"the table of {name} was rewritten meanwhile: run the same command again")


def page_key(params: Params, name: str) -> str:
    """Return the key of everything that a page is made from; the page itself records it (`page_mark`)."""
    folder, corpus = CorpusPaths(name).results, params.corpus(name)
    records = [bound.read_record(folder / file) for file in (TABLES, bound.TRAINED)]
    return keys.page_key(records, corpus.protocol.kind, corpus.task, asdict(params.report))


def page_mark(key: str) -> str:
    """Return the line of HTML that records what a page was made from.

    >>> page_mark("0" * 64)[:45]
    '<meta name="crossmodal-made-of" content="0000'
    """
    return f'<meta name="crossmodal-made-of" content="{key}">'


def require_reported(params: Params, name: str) -> None:
    """Check that report.html was made from the present table, which may itself be out of date.

    Raises
    ------
    UserError
        If the page was made from a different table.
    FileNotFoundError
        If there is no page.
    """
    path = CorpusPaths(name).results / "report.html"
    refuse_pipe(path)
    found = _MARK.search(path.read_text(encoding="utf-8", errors="replace")[:2000])
    if found is None or found[1] != page_key(params, name):
        raise UserError(f"{path} is out of date: run `crossmodal report --corpus {name}` again")
