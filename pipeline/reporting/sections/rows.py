"""The table *All rows* of the page, with further names by which its filter finds each row."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.wording import described
from pipeline.evaluation.scoring import Scores
from pipeline.evaluation.tables import all_rows
from pipeline.reporting.tables import Table

NAMED = 3  # the first columns, which name the row
DIFFERENCE = "difference"


@dataclass(frozen=True)
class Rows:
    """All rows of the corpus's table.

    Attributes
    ----------
    table
        The names of each row, the leading metric, its difference to the best single modality with p and verdict, and
        then the other columns.
    words
        For each row, other names by which the filter of the page also finds the row.
    downwards
        The titles of the columns whose largest value is the best.
    explained
        A sentence about the difference; empty if nothing is compared.
    """

    table: Table
    words: Sequence[str]
    downwards: Sequence[str]
    explained: str


def rows_of(scores: Scores) -> Rows:
    """Return all rows with all metrics."""
    table, leading = all_rows(scores), scores.leading
    header = list(table.header)
    after = NAMED + len(scores.metrics)  # where the comparison begins; it ends with the verdict
    end = header.index("verdict", after) + 1
    order = [*range(NAMED + 1), *range(after, end), *range(NAMED + 1, after), *range(end, len(header))]
    explained = ""
    if end - after > 1:
        explained = f"{DIFFERENCE.capitalize()}: {header[after]}, on the same utterances, with its 95 % interval."
        header[after] = DIFFERENCE
    downwards = [metric.name for metric in scores.metrics if metric.higher_is_better]
    if explained and leading.higher_is_better:
        downwards.append(DIFFERENCE)
    return Rows(
        Table([header[i] for i in order], [[line[i] for i in order] for line in table.lines]),
        [f"{row.configuration.display} {described(row.configuration)}" for row in scores.rows],
        downwards,
        explained,
    )
