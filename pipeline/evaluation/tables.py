"""The tables: what `scoring` found, as tidy files, as Markdown, as LaTeX and for the terminal."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from features.base import MODALITIES
from models.evaluation.intervals import Interval
from models.evaluation.metrics import Metric
from models.evaluation.paired_tests import SIGNIFICANT
from pipeline.evaluation.formatting import (
    difference,
    number,
    p_value,
    pipe_table,
    plain,
    spaced,
    tabular,
    with_interval,
)
from pipeline.evaluation.results import WHO, Key, label_of
from pipeline.evaluation.scoring import Comparison, Scored, Scores, smallest_p
from pipeline.settings.blocks import CorpusParams, EvaluateParams

TABLE_COLUMNS = ["corpus", *WHO, "metric", "value", "low", "high", "n"]
COMPARISON_COLUMNS = [*WHO, "metric", "difference", "low", "high", "p", "p_holm", "verdict", "parameters"]
SHORT = 2  # metrics that the terminal shows

_NORMALISED = {
    "speaker": "normalised per speaker: each feature standardised on the speaker's own unlabelled recordings, those "
    "tested included",
    "quantile": "normalised by quantiles: each feature mapped to the normal distribution by its ranks among the "
    "training utterances",
}

Lines = tuple[list[str], list[list[str]]]  # header, rows of cells


def tidy(corpus: str, scores: Scores) -> pd.DataFrame:
    """Return table.csv: a line a row and figure."""
    lines = [
        (corpus, *row.key, name, found.value, found.low, found.high, row.n)
        for row in scores.rows
        for name, found in row.values.items()
    ]
    return pd.DataFrame(lines, columns=TABLE_COLUMNS)


def comparisons(scores: Scores) -> pd.DataFrame:
    """Return comparisons.csv: a line a fusion, against the best single modality in the leading figure."""
    lines = []
    for row in scores.rows:
        if (found := row.comparison) is not None:
            lead = (found.difference.value, found.difference.low, found.difference.high)
            parameters = "" if row.parameters is None else row.parameters
            lines.append((*row.key, scores.leading.name, *lead, found.p, found.p_holm, found.verdict, parameters))
    return pd.DataFrame(lines, columns=COMPARISON_COLUMNS)


def rows_of(table: pd.DataFrame, compared: pd.DataFrame, parameters: Mapping[Key, int]) -> list[Scored]:
    """Return the rows that table.csv and comparisons.csv hold."""
    stands = {
        (c.strategy, c.modalities, c.model): Comparison(Interval(c.difference, c.low, c.high), c.p, c.p_holm, c.verdict)
        for c in compared.itertuples(index=False)
    }
    rows = []
    for key, part in table.groupby(WHO, sort=False):
        values = {line.metric: Interval(line.value, line.low, line.high) for line in part.itertuples(index=False)}
        strategy, modalities, model = key
        count, stand = int(part["n"].iloc[0]), stands.get(key)
        rows.append(Scored(strategy, modalities, model, count, values, parameters.get(key), stand))
    return rows


def by_modalities(scores: Scores) -> Lines:
    """Return the paper's table: a line a strategy and model, a column a set of modalities, the leading figure."""
    rows, leading = [row for row in scores.rows if row.modalities], scores.leading
    columns = sorted({row.modalities for row in rows}, key=_place)
    found = {(row.strategy, row.model, row.modalities): row for row in rows}
    best = {m: scores.best([row for row in rows if row.modalities == m]) for m in columns}

    def cell(row: Scored | None) -> str:
        if row is None:
            return ""
        value, top = row.values[leading.name].value, best[row.modalities]
        text, is_best = number(leading, value), top is not None and top.values[leading.name].value == value
        return f"{text} *" if is_best else text

    names = sorted({(row.strategy, row.model): row.floor for row in rows}.items(), key=lambda item: not item[1])
    lines = [[*who, *(cell(found.get((*who, m))) for m in columns)] for who, _ in names]
    return ["strategy", "model", *(spaced(m) for m in columns)], lines


def all_rows(
    scores: Scores, count: int | None = None, seconds: Mapping[Key, tuple[float, float]] | None = None
) -> Lines:
    """Return the table of all rows.

    Parameters
    ----------
    scores
        The rows.
    count
        How many of the metrics; all if None.
    seconds
        Seconds of fitting and predicting, by row, where they are to be shown.
    """
    metrics = scores.metrics[:count]
    compared = any(row.comparison for row in scores.rows)
    counted = any(row.parameters is not None for row in scores.rows)
    header = ["strategy", "modalities", "model", *(metric.name for metric in metrics)]
    header += [f"{scores.leading.name} against the best single modality", "p (Holm)"] if compared else []
    header += ["verdict", "n", *(["parameters"] if counted else []), *(["fit s", "predict s"] if seconds else [])]
    best = scores.best_row

    def cells(row: Scored) -> Iterator[str]:
        yield from (row.strategy, spaced(row.modalities), row.model)
        yield from (with_interval(metric, row.values[metric.name]) for metric in metrics)
        if compared:
            yield from _comparison(row, scores.leading)
        yield ", ".join(([row.comparison.verdict] if row.comparison else []) + (["best"] if row is best else []))
        yield str(row.n)
        if counted:
            yield "" if row.parameters is None else str(row.parameters)
        if seconds:
            yield from (f"{s:.3f}" for s in seconds[row.key]) if row.key in seconds else ("", "")

    return header, [list(cells(row)) for row in scores.rows]


def markdown(corpus: str, scores: Scores, words: Sequence[str]) -> str:
    """Return table.md: the paper's table, all rows, and what is to be said about them."""
    first, second = headings(scores)
    lines = [f"# {corpus}", "", first, "", *pipe_table(*by_modalities(scores)), "", "\\*: best of its column.", ""]
    return "\n".join([*lines, second, "", *pipe_table(*all_rows(scores)), "", *map(plain, words), ""])


def headings(scores: Scores) -> tuple[str, str]:
    """Return the headings of the two tables."""
    unit = ", percent" if scores.leading.share else ""
    return f"## {scores.leading.name}{unit}, by modalities", "## All rows"


def tex(corpus: str, scores: Scores) -> str:
    """Return table.tex: both tables as LaTeX tabulars, to be put into a document with ``input``."""
    paper, rows = tabular(*by_modalities(scores)), tabular(*all_rows(scores))
    title = f"% {corpus}: {scores.leading.name} by modalities; *: best of its column"
    return "\n".join([title, *paper, "", "% all rows", *rows, ""])


def words(
    scores: Scores, corpus: CorpusParams, settings: EvaluateParams, normalise: str, notices: Sequence[str]
) -> Iterator[str]:
    """Yield what is said under the table: how to read it, how it was made, and what is odd about it."""
    shares = "Shares are in percent. " if any(metric.share for metric in scores.metrics) else ""
    yield (
        f"{shares}In brackets: 95 % bootstrap intervals, {settings.resamples} resamples of whole groups "
        f"({corpus.protocol.group}). Protocol: {corpus.protocol.kind}."
    )
    if normalise != "standard":
        yield f"Features: {_NORMALISED.get(normalise, f'normalised: {normalise}')}."
    yield from _comparison_words(scores)
    if corpus.note:
        yield corpus.note
    yield from (f"Note: {notice}." for notice in notices)


def _comparison_words(scores: Scores) -> Iterator[str]:
    base, fusion = scores.best_single, scores.best_fusion
    if base is None or fusion is None:
        return
    yield (
        f"The best single modality here: {label_of(base.key)}; the best fusion: {label_of(fusion.key)}. What only one "
        "of the two gets right is listed in only_fusion.csv and only_single.csv."
    )
    yield (
        "'+ better' and '- worse': the interval of the paired difference leaves out 0, and p, of a randomisation test "
        f"over whole groups, corrected after Holm for all fusions, is below {SIGNIFICANT}; '= not better': "
        "anything else."
    )
    smallest = smallest_p(scores)
    if scores.groups > 1 and smallest >= SIGNIFICANT:
        yield (
            f"With {scores.groups} groups no corrected p can be below {smallest:.2f}: this corpus cannot show that one "
            "of so many fusions is better."
        )


def _comparison(row: Scored, leading: Metric) -> tuple[str, str]:
    if row.comparison is None:
        return "", ""
    return difference(leading, row.comparison.difference), p_value(row.comparison.p_holm)


def _place(modalities: str) -> tuple[int, list[int]]:
    order: dict[str, int] = {name: i for i, name in enumerate(MODALITIES)}
    parts = modalities.split("+")
    return len(parts), [order.get(part, len(order)) for part in parts]
