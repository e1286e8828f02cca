"""The answer on a terminal: the corpus, the sentences, and a few rows that fit its width."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import TYPE_CHECKING, get_args

from models.wording import initials
from pipeline.errors import counted
from pipeline.evaluation.answer.facts import Answer
from pipeline.evaluation.answer.finding import several_models
from pipeline.evaluation.answer.rows import headline
from pipeline.evaluation.answer.sentences import sentences, unequal
from pipeline.evaluation.formatting import difference, number, p_value, with_interval
from pipeline.evaluation.scoring import Scored, Scores, Verdict
from pipeline.foreign import one_line

if TYPE_CHECKING:
    from rich.table import Table

GAP = 2  # blanks between columns
NARROW = 80  # a terminal of this many characters shows everything that is always shown
_LEAST = 8  # characters of a strategy's name that are always shown
_STYLES = {"+": "bold green", "-": "red", "?": ""}


@dataclass(frozen=True)
class View:
    """The data that the terminal shows about a corpus.

    Attributes
    ----------
    answer, scores
        The answer, and the table that it was derived from.
    notices
        The number of notices that `train` recorded.
    page
        A sentence that says where the page is, or how to make it.
    old
        A sentence if the results are out of date; empty otherwise.
    """

    answer: Answer
    scores: Scores
    notices: int
    page: str
    old: str = ""


def screen(view: View, width: int = NARROW, *, colour: bool = False) -> str:
    """Return the answer as text whose lines fit the width of the terminal.

    Parameters
    ----------
    view
        What is shown.
    width
        Width of the terminal in characters; a wide terminal shows more metrics.
    colour
        Whether to write colour codes.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(
        file=StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None, emoji=False
    )
    answer, said = view.answer, sentences(replace(view.answer, note="", largest=None))
    size = f"{counted(answer.utterances, 'utterance')}, {counted(answer.groups, answer.unit)}"
    with console.capture() as written:
        console.print(Text(f"{one_line(answer.corpus)}: {one_line(size)}", "bold"))
        for caution in (*unequal(answer), *([answer.note] if answer.note else [])):
            console.print(Text(one_line(caution, None), "yellow"))
        if view.old:
            console.print(Text(one_line(view.old, None), "bold yellow"))
        console.print()
        for place, sentence in enumerate(said):
            console.print(Text(one_line(sentence, None), "" if place else "bold"))
        console.print()
        console.print(_table(view.scores, width))
        console.print()
        for line in _below(view):
            console.print(Text(line, "dim"))
        console.print(Text(view.page))
    return "\n".join(line.rstrip() for line in written.get().rstrip("\n").split("\n"))


def _below(view: View) -> list[str]:
    count, shown = len(view.scores.rows), len(headline(view.scores))
    name = one_line(view.answer.corpus)
    marks = f"{', '.join(get_args(Verdict))}. " if any(row.comparison for row in view.scores.rows) else ""
    rest = "The rest" if shown < count else "All metrics"
    noted = f" and {counted(view.notices, 'notice')}" if view.notices else ""
    return [
        f"{marks}In brackets: 95 % intervals over groups.",
        f"{shown} of {counted(count, 'row')}. {rest}{noted}: crossmodal evaluate {name} --show --all",
    ]


def _table(scores: Scores, width: int) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table
    from rich.text import Text

    rows = headline(scores)
    lines = [_cells(row, scores) for row in rows]
    header = _header(scores)
    extra = _further(scores, rows, width - _width([header, *lines]))
    header = [*header, *(name for name, _ in extra)]
    lines = [[*line, *(cells[place] for _, cells in extra)] for place, line in enumerate(lines)]
    widths = [max(len(line[column]) for line in [header, *lines]) for column in range(len(header))]
    widths[1] = max(_LEAST, min(widths[1], width - (sum(widths) - widths[1]) - GAP * (len(widths) - 1)))
    columns = (
        Column(Text(title), width=own, no_wrap=True, overflow="ellipsis")
        for title, own in zip(header, widths, strict=True)
    )
    table = Table(*columns, box=SIMPLE_HEAD, padding=(0, GAP - 1, 0, 0), pad_edge=False, show_edge=False)
    bold = {id(row) for row in (scores.best_unimodal, scores.best_fusion) if row and not scores.unranked}
    for row, line in zip(rows, lines, strict=True):
        style = _STYLES.get(row.comparison.verdict[0], "") if row.comparison else ""
        table.add_row(*map(Text, line), style=f"{style} bold" if id(row) in bold else style)
    return table


def _header(scores: Scores) -> list[str]:
    leading = scores.leading
    unit = " %" if leading.share else "" if leading.higher_is_better else ", lower is better"
    compared = any(row.comparison for row in scores.rows)
    against = [f"against {scores.top} single", "", "p (Holm)"] if compared else []
    return ["", "method", f"{one_line(leading.name)}{unit}", *against]


def _cells(row: Scored, scores: Scores) -> list[str]:
    """Return the cells of a row: modalities, method, the leading metric and, if any row has one, the comparison."""
    who, leading = row.configuration, scores.leading
    model = who.model if who.strategy == "unimodal" or several_models(row, scores.rows) else ""
    method = model if who.strategy == "unimodal" else "/".join(filter(None, (who.strategy, model)))
    found = row.values[leading.name]
    value = with_interval(leading, found) if math.isfinite(found.low) else number(leading, found.value)
    cells = [initials(who.modalities), one_line(method), value]
    if not any(one.comparison for one in scores.rows):
        return cells
    if (compared := row.comparison) is None:
        return [*cells, "", "", ""]
    apart = compared.difference
    tested = p_value(compared.p_holm)
    sized = difference(leading, apart) if math.isfinite(apart.low) else f"{difference(leading, apart).split(' ')[0]}"
    return [*cells, sized, compared.verdict[0], tested]


def _further(scores: Scores, rows: Sequence[Scored], room: int) -> list[tuple[str, list[str]]]:
    """Return as many further metrics as fit into `room` characters, each with its cells."""
    found = []
    for metric in scores.metrics[1:]:
        cells = [number(metric, row.values[metric.name].value) for row in rows]
        title = one_line(metric.name)
        room -= GAP + max(map(len, [title, *cells]))
        if room < 0:
            break
        found.append((title, cells))
    return found


def _width(lines: Sequence[Sequence[str]]) -> int:
    """Return the width of a table in characters."""
    columns = list(zip(*lines, strict=True))
    return sum(max(map(len, column)) for column in columns) + GAP * (len(columns) - 1)
