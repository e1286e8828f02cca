"""The section *Answer*: whether fusing helps, the best rows, a grid of all strategies, and what each modality adds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from models.configuration import Configuration, join_modalities
from models.wording import initials, model_words, strategy_title
from pipeline.evaluation.answer import Answer, Compared, Measured, sentences, unequal
from pipeline.evaluation.formatting import difference, p_equals, spaced, with_interval
from pipeline.evaluation.scoring import Scored, Scores, Verdict
from pipeline.reporting.charts.chart import Chart
from pipeline.reporting.charts.intervals import Row, forest
from pipeline.reporting.tables import Table

_VERDICTS: Mapping[Verdict, str] = {
    "+ better": "better",
    "- worse": "worse",
    "? not shown": "no difference is shown",
}


@dataclass(frozen=True)
class Card:
    """One result of the answer: its title, the row of the table, the value with its interval, and a remark."""

    title: str
    row: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of the grid: the metric with its interval, the base model, and whether it is the best of its column."""

    value: str
    model: str
    best: bool


@dataclass(frozen=True)
class Grid:
    """A table of results: one line per strategy, one column per set of modalities.

    Each cell is the best row with this strategy and these modalities, or None if there is no such row.
    """

    columns: Sequence[str]
    lines: Sequence[tuple[str, Sequence[Cell | None]]]


@dataclass(frozen=True)
class AnswerSection:
    """The content of the section *Answer*.

    Attributes
    ----------
    verdict, cautions, sentences
        The first sentence of the answer; what must be read with it, such as the corpus's note; and the other sentences.
    cards
        The best single modality, the best fusion, and their difference.
    metric
        The leading metric, with its unit.
    top
        What sentences call the best rows: ``best``, or only ``top`` if rows are not ranked.
    grid
        The table of strategies by modalities; None if nothing was learnt.
    gains
        The chart of what each modality adds; None unless several modalities were fused.
    stores
        The table of feature stores, if nothing was learnt; otherwise None.
    """

    verdict: str
    cautions: Sequence[str]
    sentences: Sequence[str]
    cards: Sequence[Card] = ()
    metric: str = ""
    top: str = "best"
    grid: Grid | None = None
    gains: Chart | None = None
    stores: Table | None = None


def answer_section(answer: Answer, scores: Scores) -> AnswerSection:
    """Return the content of the section *Answer*; answer and scores must come from the same table."""
    said = sentences(replace(answer, note="", largest=None))
    leading = scores.leading
    return AnswerSection(
        verdict=said[0],
        cautions=[*unequal(answer), *([answer.note] if answer.note else [])],
        sentences=said[1:],
        cards=list(_cards(answer, scores)),
        top=scores.top,
        metric=f"{leading.name}{', percent' if leading.share else ''}",
        grid=grid(scores),
        gains=_gains(answer, scores),
    )


def grid(scores: Scores) -> Grid:
    """Return the table of the leading metric; baselines that read no modality are left out."""
    rows = [row for row in scores.rows if row.configuration.modalities]
    columns = sorted({Configuration("", row.configuration.modalities) for row in rows})
    best = [scores.best(row for row in rows if row.configuration.modalities == one.modalities) for one in columns]
    lines = []
    for strategy in dict.fromkeys(row.configuration.strategy for row in rows):
        own = [row for row in rows if row.configuration.strategy == strategy]
        found = [_best_of(scores, own, one.modalities) for one in columns]
        tops = [None if scores.unranked else top for top in best]
        cells = [_cell(scores, row, top) if row else None for row, top in zip(found, tops, strict=True)]
        lines.append((strategy_title(strategy), cells))
    return Grid([spaced(join_modalities(one.modalities)) for one in columns], lines)


def _best_of(scores: Scores, rows: Sequence[Scored], modalities: tuple[str, ...]) -> Scored | None:
    """Return the best row with these modalities, or the first if no value is defined; None if there is no such row."""
    own = [row for row in rows if row.configuration.modalities == modalities]
    return scores.best(own) or next(iter(own), None)


def _cell(scores: Scores, row: Scored, top: Scored | None) -> Cell:
    found, name = row.values[scores.leading.name], scores.leading.name
    best = top is not None and top.values[name].value == found.value
    return Cell(with_interval(scores.leading, found), model_words(row.configuration.model), best)


def _cards(answer: Answer, scores: Scores) -> Iterator[Card]:
    kind = "Top" if answer.unranked else "Best"
    if answer.single is not None:
        yield _card(f"{kind} single modality", answer.single, scores)
    elif answer.baseline is not None:
        yield _card(f"{kind} baseline", answer.baseline, scores)
    if (fusion := answer.fusion) is not None:
        yield _card(f"{kind} fusion", fusion.row, scores)
        yield Card(
            "Difference",
            "fusion minus single modality, on the same clips",
            difference(scores.leading, fusion.difference),
            _tested(fusion, answer),
        )


def _card(title: str, row: Measured, scores: Scores) -> Card:
    return Card(title, row.words, with_interval(scores.leading, row.found))


def _tested(fusion: Compared, answer: Answer) -> str:
    if not (tested := p_equals(fusion.p_holm)):
        return ""
    after = f" after Holm's correction over {answer.fusions} fusions" if answer.fusions > 1 else ""
    return f"{tested}{after}: {_VERDICTS[fusion.verdict]}"


def _gains(answer: Answer, scores: Scores) -> Chart | None:
    found = answer.gains
    if not found or answer.full is None:
        return None
    leading = scores.leading
    factor, unit = (100.0, "percentage points") if leading.share else (1.0, leading.name)
    rows = [
        Row.of(f"{initials(names)}\nagainst {initials(gain.without.modalities)}", gain.difference, kind, factor)
        for names, gain in found
        for kind in ["fusion" if len(names) > 1 else names[0]]
    ]
    lines = [[" and ".join(names), gain.without.words, difference(leading, gain.difference)] for names, gain in found]
    caption = (
        f"{answer.full.words} minus the {scores.top} row without the modality, on the same clips, with 95 % intervals."
    )
    if not leading.higher_is_better:
        caption += f" Lower is better for {leading.name}: a modality that helps lies left of 0."
    several = any(len(names) > 1 for names, _ in found)
    if several:
        caption += f" If the {scores.top} row without a modality lacks another one too, both are taken together."
    table = Table(["modality", f"against the {scores.top} row without it", f"difference ({unit})"], lines)
    spec = forest(rows, f"difference ({unit})", line=0.0, line_label="no difference")
    return Chart("gains", "What modalities add" if several else "What each modality adds", spec, table, caption)
