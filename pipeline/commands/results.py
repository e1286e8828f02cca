"""Choose and print the output of `evaluate`: the answer, all rows, JSON, CSV, or one of the further tables."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.commands.common import echo, echo_page, echo_styled


@dataclass(frozen=True)
class Choice:
    """The options of `evaluate` that choose what it prints; with all defaults, it prints the answer."""

    every: bool = False
    as_json: bool = False
    as_csv: bool = False
    robustness: bool = False
    drop: str | None = None
    by: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()


_OPTIONS = {"every": "--all", "as_json": "--json", "as_csv": "--csv", "robustness": "--robustness", "drop": "--drop"}


def check_choice(options: Mapping[str, Any]) -> Choice:
    """Return the options of `evaluate` that choose its output; options that exclude each other raise `UserError`."""
    from pipeline.errors import UserError

    found = Choice(**options)
    if found.strategies and not found.by:
        raise UserError("--strategy adds rows to what --by prints: name a column with --by as well")
    given = [option for field, option in _OPTIONS.items() if options[field] not in (False, None)]
    given += ["--by"] if found.by else []
    if len(given) > 1:
        raise UserError(f"{' and '.join(given)} print different tables: give only one of them")
    return found


def print_results(params: Any, name: str, choice: Choice, *, quiet: bool, first: bool) -> None:
    """Print the chosen results of a corpus; with `--by`, also write them to by_column.csv.

    Parameters
    ----------
    params, name
        The settings and the name of the corpus.
    choice
        What is printed.
    quiet
        Whether to print nothing; by_column.csv is still written.
    first
        Whether this is the first corpus; a CSV's header is printed for the first one only.
    """
    from pipeline.evaluation import printing

    page = printing.printed_by(params, name, choice.by, choice.strategies) if choice.by else None
    if quiet:
        return
    if page is not None:
        echo_page(page)
    elif choice.drop is not None:
        echo_page(printing.printed_without(params, name, choice.drop))
    elif choice.robustness:
        echo_page(printing.printed_robustness(params, name))
    elif choice.every:
        echo_page(printing.printed(params, name))
    elif choice.as_csv:
        text, old = printing.csv_of(params, name)
        if old:
            echo(old, err=True)
        echo(text if first else text.partition("\n")[2])
    else:
        _print_answer(params, name, first=first)


def _print_answer(params: Any, name: str, *, first: bool) -> None:
    from pipeline.evaluation.answer import screen
    from pipeline.evaluation.printing import view_of

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    text = screen(view_of(params, name), shutil.get_terminal_size().columns, colour=colour)
    echo_styled(text if first else f"\n{text}")
