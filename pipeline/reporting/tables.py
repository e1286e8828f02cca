"""Tables and texts as objects that are rendered as Markdown, as LaTeX and for a terminal; foreign text is escaped.

Markdown and LaTeX are written here instead of by tabulate or pandas, so that a new version of a library changes no
results. The LaTeX needs no package, and none of its rows begins with a bracket, which LaTeX would read as an option.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from pipeline.foreign import one_line

if TYPE_CHECKING:
    import rich.table

LONGEST = 24  # words of up to this many letters are never broken on a terminal


@dataclass(frozen=True)
class Table:
    """Cells of text under a header.

    Attributes
    ----------
    header
        The title of each column.
    lines
        For each line, one text per column.
    """

    header: Sequence[str]
    lines: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Return the table as Markdown with aligned columns.

        >>> print(Table(["a", "bc"], [["1", "2"]]).markdown())
        | a | bc |
        |---|----|
        | 1 | 2  |
        """
        cells = [[literal(cell) for cell in line] for line in [self.header, *self.lines]]
        widths = [max(len(line[i]) for line in cells) for i in range(len(self.header))]
        rows = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in cells]
        rows.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
        return "\n".join(rows)

    def latex(self) -> str:
        """Return the table as a LaTeX tabular that needs no package."""
        rows = [" & ".join(latex(cell) for cell in line) + r" \\" for line in [self.header, *self.lines]]
        opening = rf"\begin{{tabular}}{{{'l' * len(self.header)}}}"
        return "\n".join([opening, r"\hline", rows[0], r"\hline", *rows[1:], r"\hline", r"\end{tabular}"])


Block = str | Table  # a paragraph or heading of Markdown, or a table


def markdown(blocks: Iterable[Block]) -> str:
    """Return blocks as Markdown, separated by empty lines.

    >>> print(markdown(["# A", Table(["b"], [["1"]])]), end="")
    # A
    <BLANKLINE>
    | b |
    |---|
    | 1 |
    """
    return "\n\n".join(block.markdown() if isinstance(block, Table) else block for block in blocks) + "\n"


def for_terminal(blocks: Iterable[Block], width: int) -> str:
    """Return blocks as text for a terminal; long cells take several lines.

    Words of up to `LONGEST` letters are never broken.

    Parameters
    ----------
    blocks
        Paragraphs and tables.
    width
        The width of the terminal in characters; a table whose words need more space is wider than this.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(file=StringIO(), width=width, color_system=None, emoji=False)
    with console.capture() as written:
        for block in blocks:
            if isinstance(block, Table):
                console.print(_drawn(block), crop=False)
            else:
                console.print(Text(block), soft_wrap=True)
                console.print()
    return written.get()


def _drawn(table: Table) -> "rich.table.Table":
    """Return the table as an object of rich; only words longer than `LONGEST` may be broken."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Column
    from rich.table import Table as Drawn
    from rich.text import Text

    cells = [[one_line(cell, None) for cell in line] for line in [table.header, *table.lines]]
    words = [[word for cell in column for word in cell.split()] for column in zip(*cells, strict=True)]
    columns = (
        Column(Text(title), overflow="fold", min_width=min(LONGEST, max([0, *map(len, own)])))
        for title, own in zip(cells[0], words, strict=True)
    )
    drawn = Drawn(*columns, box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for line in cells[1:]:
        drawn.add_row(*map(Text, line))
    return drawn


def literal(text: str) -> str:
    r"""Return foreign text as one line that Markdown shows literally; it cannot make columns, HTML, code or links.

    >>> print(literal("a|b <i>x</i>"), literal("<0.001"))
    a\|b \<i>x\</i> <0.001
    """
    return re.sub(r"[\\|`]|<(?=[a-zA-Z/!?])|(?<=\])\(", r"\\\g<0>", one_line(text, None))


def plain(sentence: str) -> str:
    r"""Return a sentence that contains foreign text as one line of Markdown; it cannot make columns, HTML or links.

    >>> print(plain("Note: run `crossmodal train`, <b>s|1</b>"))
    Note: run `crossmodal train`, \<b>s\|1\</b>
    """
    return re.sub(r"\||<(?=[a-zA-Z/!?])|(?<=\])\(", r"\\\g<0>", one_line(sentence, None))


def latex(text: str) -> str:
    r"""Return a text as one line, with LaTeX's special characters escaped.

    >>> latex("random_forest 5 %")
    'random\\_forest 5 \\%'
    """
    return "".join(_LATEX.get(letter, letter) for letter in one_line(text, None))


# Brackets are escaped too, since LaTeX would read a bracket after the end of a line as an option.
_LATEX = {c: f"\\{c}" for c in "{}$&#_%"} | {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "]": "{]}",
}
