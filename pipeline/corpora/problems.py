"""Problems of a corpus: what is recorded about each, how many of one kind are listed, and which are printed."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from common.atomic import write_bytes
from pipeline.foreign import printable

MOST_LISTED = 50  # the largest number of names of one kind that are listed one by one
OF_A_KIND = 10  # the largest number of lines of one kind that are printed
IN_ALL = 100  # the largest number of lines that are printed
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|\S*[/\\.]\S+|\S*\d\S*")  # parts that differ between problems of one kind


Severity = Literal["error", "failed", "warning"]
SEVERITIES: tuple[Severity, ...] = ("error", "failed", "warning")


@dataclass(frozen=True)
class Problem:
    """Something wrong in a corpus.

    Attributes
    ----------
    severity
        ``error``: something must be corrected before the stage in `stops` can run. ``failed``: a recording cannot be
        read; its utterances stay in the table and count as failed. ``warning``: no stage is stopped.
    file, line
        Where the problem is; the line is None if it does not concern a single line.
    message
        What is wrong.
    stops
        The stage that an error stops.
    alone
        Whether this is a problem only if the corpus is used alone; in a union, other corpora may make up for it.
    """

    severity: Severity
    file: Path
    line: int | None
    message: str
    stops: Literal["prepare", "train"] = "prepare"
    alone: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{self.severity}: {place}: {self.message}"


def listed(severity: Severity, where: Path, message: str, names: Sequence[str]) -> list[Problem]:
    """Return a problem for each name, with ``{}`` in the message replaced by the name.

    After `MOST_LISTED` problems, a last problem says how many more names there are.

    >>> [str(p) for p in listed("warning", Path("x"), "stray file: {} is ignored", ["._a"])]
    ['warning: x: stray file: ._a is ignored']
    """
    shown = [Problem(severity, where, None, message.format(name)) for name in names[:MOST_LISTED]]
    if len(names) > MOST_LISTED:
        shown.append(Problem(severity, where, None, message.format(f"... ({len(names) - MOST_LISTED} more)")))
    return shown


def capped(found: Sequence[Problem]) -> list[Problem]:
    """Return the first `MOST_LISTED` problems, and one more that counts the rest.

    All given problems should be of one kind and in one file.
    """
    more = len(found) - MOST_LISTED
    rest = [replace(found[-1], line=None, message=f"... and {more} more like the last one")] if more > 0 else []
    return [*found[:MOST_LISTED], *rest]


def few(problems: Sequence[Problem]) -> tuple[list[str], dict[str, int]]:
    """Return a few lines of each kind of problem, in the given order, and how many of each severity are left out."""
    seen: Counter[tuple[str, str]] = Counter()
    left: Counter[str] = Counter()
    lines: list[str] = []
    for problem in problems:
        kind = (problem.severity, _VALUES.sub("", problem.message))
        seen[kind] += 1
        if seen[kind] <= OF_A_KIND and len(lines) < IN_ALL:
            lines.append(str(problem))
        else:
            left[problem.severity] += 1
    return lines, left


def shown(problems: Sequence[Problem], path: Path) -> list[str]:
    """Return the lines to print; if some are left out, the last line says how many, and which file holds all.

    Parameters
    ----------
    problems
        The problems in the order in which to print them.
    path
        The file that lists all problems; it is written only if lines are left out, and removed otherwise.
    """
    lines, left = few(problems)
    if not left:
        path.unlink(missing_ok=True)
        return lines
    everything = "".join(f"{printable(str(problem))}\n" for problem in problems)
    write_bytes(path, everything.encode("utf-8", "backslashreplace"))
    counts = ", ".join(f"{count} more of severity {severity!r}" for severity, count in left.items())
    return [*lines, f"... and {counts}: all {len(problems)} are in {path}"]
