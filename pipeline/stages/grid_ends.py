"""Settings that lie at an end of what was tried in every fold: what lies beyond might be better."""

import json
from collections.abc import Iterator, Sequence

from models.strategies import strategy
from pipeline.stages.fitting import Fit
from pipeline.stages.rows import Row

_NAMED = 2  # rows that a sentence names


def end_notices(fits: Sequence[Fit]) -> Iterator[str]:
    """Yield a sentence on each setting for which the same end of its grid was the best in every fold of a row.

    Parameters
    ----------
    fits
        All fits of a corpus.
    """
    found: dict[tuple[str, str, tuple[float, ...]], list[Row]] = {}
    for row in dict.fromkeys(fit.row for fit in fits):
        ends = [json.loads(fit.ends) for fit in fits if fit.row == row]
        for setting, tried in ends[0].items():
            if all(fold.get(setting) == tried for fold in ends):
                found.setdefault((_block(row), setting, tuple(tried)), []).append(row)
    for (block, setting, tried), rows in found.items():
        yield _sentence(block, setting, tried, rows)


def _block(row: Row) -> str:
    """Return under which name of train.settings the settings of a row stand."""
    own = row.strategy in ("tfidf", "stacking") or strategy(row.strategy).sequences
    return row.strategy if own or not row.model else row.model


def _sentence(block: str, setting: str, tried: tuple[float, ...], rows: Sequence[Row]) -> str:
    end, beyond = ("largest", "larger") if tried[-1] > tried[0] else ("smallest", "smaller")
    named = ", ".join(str(row) for row in rows[:_NAMED])
    others = f" and {len(rows) - _NAMED} more rows" if len(rows) > _NAMED else ""
    return (
        f"{block}: {setting} = {tried[-1]:g}, the {end} of {_listed(tried)}, was the best in every fold for {named}"
        f"{others}: a {beyond} one was not tried and may be better; to try it, write {block}: {{{setting}:"
        f" [{_listed((*tried, _next(tried)))}]}} under train.settings and allow a train.budget of {len(tried) + 1}"
    )


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in sorted(numbers))


def _next(tried: tuple[float, ...]) -> float:
    """Return one more number in the same direction: the same factor again, or the same step where there is none."""
    before, last = tried[-2:]
    further = last * last / before if before > 0 and last > 0 else 2 * last - before
    return round(further) if isinstance(last, int) and round(further) != last else float(f"{further:.2g}")
