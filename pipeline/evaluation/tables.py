"""The tables of scores that people read (Markdown, LaTeX, terminal), and the sentences below them."""

from collections.abc import Iterable, Iterator, Mapping

from models.configuration import Configuration, join_modalities
from models.evaluation.metrics import Metric
from models.evaluation.paired_tests import SIGNIFICANT
from pipeline.evaluation.formatting import (
    basic_intervals,
    difference,
    lower_is_better,
    number,
    p_value,
    spaced,
    with_interval,
)
from pipeline.evaluation.results import speakers_sentence
from pipeline.evaluation.scoring import Scored, Scores, smallest_p
from pipeline.reporting.tables import Block, Table, plain
from pipeline.settings.blocks import CorpusParams, EvaluateParams
from pipeline.training.trained import Record

VERDICTS = (
    "'+ better' and '- worse': the interval of the paired difference excludes 0, and p is below "
    f"{SIGNIFICANT} (randomisation test over whole groups, Holm's correction over all fusions); '? not shown': "
    "anything else, which does not mean that the two are equal."
)
_NORMALISED = {
    "speaker": "normalised per speaker: each feature standardised over all recordings of the speaker, including those "
    "that are tested, without their labels",
    "quantile": "normalised by quantiles: each feature mapped to the normal distribution by its ranks among the "
    "training utterances",
}


def by_modalities(scores: Scores) -> Table:
    """Return the leading metric as a table: a line per strategy and model, and a column per set of modalities."""
    rows, leading = [row for row in scores.rows if row.configuration.modalities], scores.leading
    columns = [one.modalities for one in sorted({Configuration("", row.configuration.modalities) for row in rows})]
    found = {row.configuration: row for row in rows}
    best = {m: scores.best([row for row in rows if row.configuration.modalities == m]) for m in columns}

    def cell(row: Scored | None) -> str:
        if row is None:
            return ""
        value, top = row.values[leading.name].value, best[row.configuration.modalities]
        is_best = not scores.unranked and top is not None and top.values[leading.name].value == value
        return f"{number(leading, value)} *" if is_best else number(leading, value)

    baselines = {(row.configuration.strategy, row.configuration.model): row.is_baseline for row in rows}
    names = sorted(baselines.items(), key=lambda item: not item[1])
    lines = [
        [strategy, model, *(cell(found.get(Configuration(strategy, m, model))) for m in columns)]
        for (strategy, model), _ in names
    ]
    return Table(["strategy", "model", *(spaced(join_modalities(m)) for m in columns)], lines)


def all_rows(
    scores: Scores, count: int | None = None, seconds: Mapping[Configuration, tuple[float, float]] | None = None
) -> Table:
    """Return the table of all rows.

    Parameters
    ----------
    scores
        The rows.
    count
        Number of metrics to show; None for all.
    seconds
        Seconds of fitting and predicting, if they are to be shown.
    """
    metrics = scores.metrics[:count]
    compared = any(row.comparison for row in scores.rows)
    counted = any(row.parameters is not None for row in scores.rows)
    header = ["strategy", "modalities", "model", *(metric.name for metric in metrics)]
    header += [f"{scores.leading.name} against the {scores.top} single modality", "p (Holm)"] if compared else []
    header += ["verdict", "n", *(["parameters"] if counted else []), *(["fit s", "predict s"] if seconds else [])]
    best = None if scores.unranked else scores.best_row

    def cells(row: Scored) -> Iterator[str]:
        strategy, modalities, model = row.configuration.names
        yield from (strategy, spaced(modalities), model)
        yield from (with_interval(metric, row.values[metric.name]) for metric in metrics)
        if compared:
            yield from _comparison(row, scores.leading)
        yield ", ".join(([row.comparison.verdict] if row.comparison else []) + (["best"] if row is best else []))
        yield str(row.n)
        if counted:
            yield "" if row.parameters is None else str(row.parameters)
        if seconds:
            fitted = row.configuration in seconds
            yield from (f"{s:.3f}" for s in seconds[row.configuration]) if fitted else ("", "")

    return Table(header, [list(cells(row)) for row in scores.rows])


def page(corpus: str, scores: Scores, rows: Table, notes: Iterator[str]) -> list[Block]:
    """Return the page for table.md and the terminal: the table by modalities, the table of all rows, and notes."""
    unit = ", percent" if scores.leading.share else ""
    return [
        f"# {corpus}",
        f"## {scores.leading.name}{unit}, by modalities",
        by_modalities(scores),
        *([] if scores.unranked else ["\\*: best of its column."]),
        "## All rows",
        rows,
        "\n".join(map(plain, notes)),
    ]


def tex(corpus: str, scores: Scores) -> str:
    """Return table.tex, which a document can ``input``: LaTeX tabulars of the table by modalities and of all rows."""
    star = f"; {scores.unranked}" if scores.unranked else "; *: best of its column"
    title = f"% {corpus}: {scores.leading.name} by modalities{star}"
    return "\n".join([title, by_modalities(scores).latex(), "", "% all rows", all_rows(scores).latex(), ""])


def notes(
    scores: Scores,
    groups: int,
    corpus: CorpusParams,
    settings: EvaluateParams,
    record: Record,
    remarks: Iterable[str],
) -> Iterator[str]:
    """Yield the sentences below the table: how to read it, how it was made, and what is unusual about it.

    Parameters
    ----------
    scores
        The rows.
    groups
        The number of groups to which the utterances belong.
    corpus, settings
        The settings, which hold the protocol, the corpus's note and the number of resamples.
    record
        The record that `train` wrote with the predictions.
    remarks
        Sentences about the groups of the best row, and about fusions that repeat a single modality.
    """
    shares = "Shares are in percent. " if any(metric.share for metric in scores.metrics) else ""
    lower = f"{lower_is_better(scores.metrics)} ".lstrip()
    yield (
        f"{shares}{lower}In brackets: 95 % bootstrap intervals, {settings.resamples} resamples of whole groups "
        f"({corpus.protocol.group}). Protocol: {corpus.protocol.kind}."
    )
    if basic := basic_intervals(scores.metrics):
        yield basic
    if note := speakers_sentence(record.speakers, corpus):
        yield f"{note[0].upper()}{note[1:]}."
    if record.normalise != "standard":
        yield f"Features: {_NORMALISED.get(record.normalise, f'normalised: {record.normalise}')}."
    yield from _comparison_notes(scores, groups)
    yield from remarks
    if corpus.note:
        yield corpus.note
    yield from (f"Note: {notice}." for notice in record.notices)


def _comparison_notes(scores: Scores, groups: int) -> Iterator[str]:
    base, fusion = scores.best_unimodal, scores.best_fusion
    if base is None or fusion is None:
        return
    top = scores.top
    yield (
        f"The {top} single modality here: {base.configuration}; the {top} fusion: {fusion.configuration}. "
        "The utterances that only one of the two gets right are listed in only_fusion.csv and only_single.csv."
    )
    yield VERDICTS
    smallest = smallest_p(groups, sum(row.is_fusion for row in scores.rows))
    if groups > 1 and smallest >= SIGNIFICANT:
        yield (
            f"With {groups} groups and this many fusions, no corrected p can be below {smallest:.2f}: this corpus "
            "cannot show that any of them is better."
        )


def _comparison(row: Scored, leading: Metric) -> tuple[str, str]:
    if row.comparison is None:
        return "", ""
    return difference(leading, row.comparison.difference), p_value(row.comparison.p_holm)
