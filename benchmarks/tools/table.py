"""Markdown tables."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table with the first column left-aligned and the others right-aligned; `cell` formats values.

    >>> print(table(["step", "s"], [["audio", 0.12345], ["video", None]]))
    | step | s |
    |:---|---:|
    | audio | 0.123 |
    | video |  |
    """
    marks = [":---", *["---:"] * (len(header) - 1)]
    lines = [f"| {' | '.join(header)} |", f"|{'|'.join(marks)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(cell(value) for value in row)} |" for row in rows)])


def cell(value: object) -> str:
    """Return a value as the text of a cell; None becomes an empty cell.

    Floats from 100 on are rounded to whole numbers, smaller ones to three significant digits.

    >>> cell(12.345), cell(1234.5), cell(0.012345), cell(3)
    ('12.3', '1234', '0.0123', '3')
    """
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
