"""What is shown of a corpus's problems: a few of each kind, and all of them in a file."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from features.atomic import write_bytes
from pipeline.corpora.utterances import Problem
from pipeline.foreign import printable

OF_A_KIND = 10  # lines of one kind that are shown
IN_ALL = 100
_SAID = re.compile(r"'[^']*'|\"[^\"]*\"|\S*[/\\.]\S+|\S*\d\S*")  # values, paths and numbers: what differs within a kind


def few(problems: Sequence[Problem]) -> tuple[list[str], dict[str, int]]:
    """Return a few lines of each kind, in the order given, and how many of each severity are left out."""
    seen: Counter[tuple[str, str]] = Counter()
    left: Counter[str] = Counter()
    lines: list[str] = []
    for problem in problems:
        kind = (problem.severity, _SAID.sub("", problem.message))
        seen[kind] += 1
        if seen[kind] <= OF_A_KIND and len(lines) < IN_ALL:
            lines.append(str(problem))
        else:
            left[problem.severity] += 1
    return lines, left


def shown(problems: Sequence[Problem], path: Path) -> list[str]:
    """Return the lines to print; where some are left out, the last says how many, and in which file all are.

    Parameters
    ----------
    problems
        In the order in which they are to be shown.
    path
        The file, which is written only where lines are left out, and else removed.
    """
    lines, left = few(problems)
    if not left:
        path.unlink(missing_ok=True)
        return lines
    everything = "".join(f"{printable(str(problem))}\n" for problem in problems)
    write_bytes(path, everything.encode("utf-8", "backslashreplace"))
    counts = ", ".join(f"{count} more of severity {severity!r}" for severity, count in left.items())
    return [*lines, f"... and {counts}: all {len(problems)} are in {path}"]
