"""Settings that lie at an end of what was tried in every fold: what lies beyond might be better."""

import json
from collections.abc import Iterator, Sequence

from models.classical.domains import domain, has_order
from models.registry import strategy
from pipeline.training.jobs import Fit
from pipeline.training.rows import Row

_NAMED = 2  # rows that a sentence names

Tried = tuple[float, ...]  # the chosen one last


def end_notices(fits: Sequence[Fit]) -> Iterator[str]:
    """Yield a sentence on each setting for which the same end of its grid was the best in every fold of a row.

    Parameters
    ----------
    fits
        All fits of a corpus.
    """
    found: dict[tuple[str, str, Tried, int], list[Row]] = {}
    for row in dict.fromkeys(fit.row for fit in fits):
        ends = [json.loads(fit.ends) for fit in fits if fit.row == row]
        for setting, end in ends[0].items():
            if all(fold.get(setting) == end for fold in ends) and has_order(_owner(row), setting):
                found.setdefault((_owner(row), setting, tuple(end["tried"]), end["beside"]), []).append(row)
    for (owner, setting, tried, beside), rows in found.items():
        yield _sentence(owner, setting, tried, rows) + _advice(owner, setting, tried, beside)


def _owner(row: Row) -> str:
    """Return under which name of train.settings the settings of a row stand."""
    own = row.strategy in ("tfidf", "stacking") or strategy(row.strategy).sequences
    return row.strategy if own or not row.model else row.model


def _sentence(owner: str, setting: str, tried: Tried, rows: Sequence[Row]) -> str:
    end = "largest" if tried[-1] > tried[0] else "smallest"
    named = ", ".join(str(row) for row in rows[:_NAMED])
    left = len(rows) - _NAMED
    others = f" and {left} more row{'s' if left > 1 else ''}" if left > 0 else ""
    return (
        f"{owner}: {setting} = {_written(tried[-1])}, the {end} of {_listed(tried)}, was the best in every fold for"
        f" {named}{others}"
    )


def _advice(owner: str, setting: str, tried: Tried, beside: int) -> str:
    """Return what to write for one more number in the same direction; nothing where none is known to be possible."""
    allowed = domain(owner, setting)
    further = allowed.next(tried) if allowed is not None else None
    if further is None:
        return ""
    beyond, grid = "larger" if further > tried[-1] else "smaller", f"{setting}: [{_listed((*tried, further))}]"
    written = f"{owner}: {{settings: {{{grid}}}}}" if owner == "stacking" else f"{owner}: {{{grid}}}"
    return (
        f": a {beyond} one was not tried and may be better; to try it, write {written} under train.settings and allow a"
        f" train.budget of {(len(tried) + 1) * beside}"
    )


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(map(_written, sorted(numbers)))


def _written(number: float) -> str:
    """Return a number as YAML reads it: ``1e-05`` is a text there, and ``1.0e-05`` is not."""
    mantissa, e, exponent = repr(number).removesuffix(".0").partition("e")
    return f"{mantissa}{'.0' if e and '.' not in mantissa else ''}{e}{exponent}"
