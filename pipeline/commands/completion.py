"""Shell completion of the names of corpora, extractors, strategies and utterances, without heavy imports.

A completion must answer at once and never fail, so the settings file is read as plain YAML and not checked. If it
cannot be read, nothing is proposed.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

Names = Callable[[click.Context, click.Parameter, str], list[str]]


def _completing(names: Callable[[click.Context], Iterable[str]]) -> Names:
    """Return the callback from which click gets the completions: those of `names` that begin with what was typed."""

    def complete(context: click.Context, _: click.Parameter, typed: str) -> list[str]:
        return [name for name in names(context) if name.startswith(typed)]

    return complete


def _settings(context: click.Context) -> Mapping[str, Any]:
    """Return the blocks of the settings file given on the command line; empty if it cannot be read."""
    import yaml

    try:
        found = yaml.safe_load(Path(context.params.get("params_path") or "params.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def _block(context: click.Context, name: str) -> Mapping[str, Any]:
    block = _settings(context).get(name)
    return block if isinstance(block, dict) else {}


def _corpora(context: click.Context) -> list[str]:
    return [str(name) for name in _block(context, "corpora")]


def _extractors(context: click.Context) -> list[str]:
    """Return the extractors' names in the settings file, then the extractors that it does not configure."""
    from features.registry import extractor_names

    own = [str(name) for name in _block(context, "features") if name != "extract"]
    return list(dict.fromkeys([*own, *extractor_names()]))


def _strategies(_: click.Context) -> tuple[str, ...]:
    from models.registry import strategy_names

    return strategy_names()


def _utterances(context: click.Context) -> list[str]:
    """Return the utterances of the corpora on the command line, or else of all; unprepared corpora are left out."""
    given = context.params.get("name") or context.params.get("corpora") or ()
    found: list[str] = []
    for corpus in [given] if isinstance(given, str) else given or _corpora(context):
        try:
            with (Path("data/work") / corpus / "utterances.csv").open(newline="", encoding="utf-8") as file:
                found += [row.get("utterance") or "" for row in csv.DictReader(file)]
        except (OSError, ValueError, csv.Error):
            continue
    return [name for name in found if name]


def _rows(_: click.Context) -> list[str]:
    """Return the names of the rows in all existing results, as ``strategy:modalities:model``."""
    found: dict[str, None] = {}
    for path in sorted(Path("results").glob("*/parameters.csv")):
        try:
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    names = (row.get(key) or "" for key in ("strategy", "modalities", "model"))
                    found[":".join(names).rstrip(":")] = None
        except (OSError, ValueError, csv.Error):
            continue
    return list(found)


def models(_: click.Context, __: click.Parameter, typed: str) -> list[str | CompletionItem]:
    """Return the folders of saved models whose paths begin with `typed`; if none do, let the shell complete folders."""
    found = (str(path.parent) for path in sorted(Path("results").glob("*/models/*/model.json")))
    return [name for name in found if name.startswith(typed)] or [CompletionItem(typed, type="dir")]


corpora = _completing(_corpora)
extractors = _completing(_extractors)
strategies = _completing(_strategies)
utterances = _completing(_utterances)
rows = _completing(_rows)
modalities = _completing(lambda _: ("text", "audio", "video"))
