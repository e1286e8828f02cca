"""How metrics are written: shares in percent, intervals in brackets, and words where there is no number."""

import math
import re
from collections.abc import Sequence

from models.evaluation.intervals import Interval
from models.evaluation.metrics import Metric
from pipeline.foreign import one_line


def number(metric: Metric, value: float) -> str:
    """Write a metric without its interval.

    >>> from models.evaluation.metrics import metric
    >>> number(metric("classification", "accuracy"), 0.8125), number(metric("regression", "mae"), 0.8125)
    ('81.2', '0.812')
    """
    return _written(metric, value, "") if math.isfinite(value) else "undefined"


def with_interval(metric: Metric, found: Interval) -> str:
    """Write a metric with its interval.

    >>> from models.evaluation.metrics import metric
    >>> with_interval(metric("classification", "accuracy"), Interval(0.8, 0.7, 0.9))
    '80.0 [70.0, 90.0]'
    >>> with_interval(metric("regression", "mae"), Interval(1.0, float("nan"), float("nan")))
    '1.000 [no interval: one group]'
    """
    return _with_bounds(metric, found, "")


def difference(metric: Metric, found: Interval) -> str:
    """Write the difference of two models in a metric, with its interval, all signed.

    >>> from models.evaluation.metrics import metric
    >>> difference(metric("classification", "accuracy"), Interval(0.05, -0.01, 0.1))
    '+5.0 [-1.0, +10.0]'
    """
    return _with_bounds(metric, found, "+")


def p_value(p: float) -> str:
    """Write a p value.

    >>> p_value(0.0123), p_value(0.0001), p_value(float("nan"))
    ('0.012', '<0.001', '')
    """
    if not math.isfinite(p):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def spaced(modalities: str) -> str:
    """Write a set of modalities.

    >>> spaced("text+audio")
    'text + audio'
    """
    return modalities.replace("+", " + ")


def pipe_table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table, its columns of even width.

    >>> pipe_table(["a", "bc"], [["1", "2"]])
    ['| a | bc |', '|---|----|', '| 1 | 2  |']
    """
    cells = [[literal(cell) for cell in line] for line in [header, *lines]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(header))]
    found = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in cells]
    found.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return found


def literal(text: str) -> str:
    r"""Return foreign text as one line that Markdown shows letter by letter: no column, HTML, code or link in it.

    >>> print(literal("a|b <i>x</i>"), literal("<0.001"))
    a\|b \<i>x\</i> <0.001
    """
    return re.sub(r"[\\|`]|<(?=[a-zA-Z/!?])|(?<=\])\(", r"\\\g<0>", one_line(text, None))


def plain(sentence: str) -> str:
    r"""Return a sentence that repeats foreign text as one line of Markdown: no column, HTML or link in it.

    >>> print(plain("Note: run `crossmodal train`, <b>s|1</b>"))
    Note: run `crossmodal train`, \<b>s\|1\</b>
    """
    return re.sub(r"\||<(?=[a-zA-Z/!?])|(?<=\])\(", r"\\\g<0>", one_line(sentence, None))


def latex(text: str) -> str:
    r"""Escape what LaTeX reads as commands.

    >>> latex("random_forest 5 %")
    'random\\_forest 5 \\%'
    """
    return "".join(_LATEX.get(letter, letter) for letter in one_line(text, None))


def tabular(header: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a LaTeX tabular that needs no package; all cells are escaped."""
    body = [" & ".join(latex(cell) for cell in line) + r" \\" for line in [header, *lines]]
    opening = rf"\begin{{tabular}}{{{'l' * len(header)}}}"
    return [opening, r"\hline", body[0], r"\hline", *body[1:], r"\hline", r"\end{tabular}"]


# Brackets too: after the end of a line, LaTeX would read one as an option.
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


def _with_bounds(metric: Metric, found: Interval, sign: str) -> str:
    if not math.isfinite(found.value):
        return "undefined"
    value = _written(metric, found.value, sign)
    if not math.isfinite(found.low):
        return f"{value} [no interval: one group]"
    return f"{value} [{_written(metric, found.low, sign)}, {_written(metric, found.high, sign)}]"


def _written(metric: Metric, value: float, sign: str) -> str:
    return f"{100 * value:{sign}z.1f}" if metric.share else f"{value:{sign}z.3f}"  # z: no negative zero
