"""Compare two runs row by row, or two configurations of one run, on the same utterances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from common.threads import one_thread
from features.errors import StoreError
from models.configuration import Configuration, split_modalities
from models.errors import ModelError
from models.evaluation.intervals import Interval, paired_difference, resample
from models.evaluation.metrics import Metric, metric
from models.evaluation.paired_tests import holm, randomisation_test, swaps
from models.registry import configure
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.evaluation.formatting import difference, number, p_value
from pipeline.evaluation.results import (
    by_configuration,
    group_by_utterance,
    metrics_of,
    read_predictions,
    speakers_sentence,
    truth_and_outputs,
)
from pipeline.reporting.tables import Block, Table
from pipeline.settings.blocks import CorpusParams, EvaluateParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.selected import corpus_of
from pipeline.tables import bound
from pipeline.training.current import require_same, require_trained
from pipeline.training.guard import published, speakers_note_of

Pairs = Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]  # label -> the predictions of both


@dataclass(frozen=True)
class Compared:
    """One metric of both models of a pair, with the interval and p of their difference.

    `p_holm` is p corrected for the number of pairs.
    """

    label: str
    metric: Metric
    first: float
    second: float
    difference: Interval
    p: float
    p_holm: float

    def document(self) -> dict[str, Any]:
        """Return one flat mapping, whose keys docs/json.md describes."""
        lead = self.difference
        return {
            "row": self.label,
            "metric": self.metric.name,
            "first": self.first,
            "second": self.second,
            "difference": lead.value,
            "low": lead.low,
            "high": lead.high,
            "p": self.p,
            "p_holm": self.p_holm,
        }


@dataclass(frozen=True)
class Comparison:
    """Two runs, or two rows of a table, compared.

    Attributes
    ----------
    corpus, first, second
        The corpus and what was compared.
    rows
        Every metric of every pair.
    notes
        Sentences to print below the table.
    """

    corpus: str
    first: str
    second: str
    rows: Sequence[Compared]
    notes: Sequence[str]

    def page(self) -> list[Block]:
        """Return a heading, a table and the notes."""
        several = len({row.label for row in self.rows}) > 1
        title = f"# {self.corpus}: {self.first} and {self.second}"
        return [title, _table(self.rows, several=several), "\n".join(self.notes)]

    def document(self) -> dict[str, Any]:
        """Return everything as one mapping, whose keys docs/json.md describes."""
        return {**vars(self), "rows": [row.document() for row in self.rows]}


@one_thread()
def compare(params: Params, first: str, second: str, corpus: str | None = None, only: str | None = None) -> Comparison:
    """Compare two results folders, or two configurations of one corpus.

    Differences are the second minus the first.

    Parameters
    ----------
    params
        The settings.
    first, second
        Two folders that hold predictions.csv, or two configurations written ``strategy:modalities:model``.
    corpus
        The corpus. For folders, it is by default the one that the first folder is named after. For configurations, it
        is by default the only one in run.corpora.
    only
        A metric; by default all metrics of the corpus's table.

    Raises
    ------
    UserError
        If a name is unknown or matches several configurations; if the two have no row in common or predict different
        utterances; or if results are missing. If configurations are compared, also if the results are out of date.
    """
    folders = [Path(side).is_dir() for side in (first, second)]
    if folders[0] != folders[1]:
        raise UserError(
            f"{first} and {second}: compare two folders, or two configurations of one corpus, but not a folder with a "
            "configuration"
        )
    name = corpus or (_named_after(params, Path(first)) if folders[0] else _only_corpus(params))
    settings = params.corpus(name)
    if folders[0]:
        record = None
        pairs, words = _runs(Path(first), Path(second), settings)
    else:
        record = require_trained(params, name)
        pairs, words = _rows(name, settings, first, second)
    table = read_utterances(CorpusPaths(name).utterances, settings.label)
    if record is None:
        words += _out_of_date(params, name, (Path(first), Path(second)))
    else:
        require_same(record, params, name)
    if note := speakers_sentence(speakers_note_of(table, settings, published(name)), settings):
        words.append(f"{note[0].upper()}{note[1:]}.")
    groups = group_by_utterance(table, settings, next(iter(pairs.values()))[0])
    metrics = (metric(settings.task, only),) if only else metrics_of(settings)
    return Comparison(name, first, second, compared(pairs, groups, metrics, params.evaluate), words)


def compared(pairs: Pairs, groups: pd.Series, metrics: Sequence[Metric], settings: EvaluateParams) -> list[Compared]:
    """Return every metric of every pair; p is corrected for the number of pairs, separately for each metric.

    Raises
    ------
    UserError
        If the two models of a pair predict different utterances, or their labels differ.
    """
    aligned = {label: _aligned(label, *pair) for label, pair in pairs.items()}
    found: list[Compared] = []
    for measured in metrics:
        lines = []
        for label, (one, two) in aligned.items():
            own = groups[list(one["utterance"])].to_numpy()
            truth, first = truth_and_outputs(measured, one)
            _, second = truth_and_outputs(measured, two)
            drawn = resample(own, draws=settings.resamples, seed=settings.seed)
            lead = paired_difference(measured, truth, second, first, drawn)
            p = randomisation_test(measured, truth, second, first, swaps(own, seed=settings.seed))
            lines.append((label, measured, measured(truth, first), measured(truth, second), lead, p))
        corrected = holm([line[-1] for line in lines])
        found += [Compared(*line, p_holm) for line, p_holm in zip(lines, corrected, strict=True)]
    return found


def find_configuration(spec: str, configurations: Sequence[Configuration]) -> Configuration:
    """Return the configuration that ``strategy:modalities:model`` names; a part that is left out matches anything.

    Raises
    ------
    UserError
        If no configuration matches, or several do.

    Examples
    --------
    >>> there = [Configuration("concat", ("text", "audio"), "svm"), Configuration("vote", ("text", "audio"), "svm")]
    >>> find_configuration("concat:text+audio", there).display
    'concat text+audio svm'
    """
    wanted = _as_in_tables(spec.split(":"))
    matching = [one for one in configurations if len(wanted) <= 3 and all(map(_same, wanted, one.names))]
    if len(matching) == 1:
        return matching[0]
    names = [":".join(one.names) for one in (matching or configurations)]
    close = names if matching else get_close_matches(spec, names, n=5, cutoff=0.3)
    what = "matches several rows of the table" if matching else "is neither a row of the table nor a folder"
    raise UserError(f"{spec!r} {what}; write strategy:modalities:model, as one of: {', '.join(close or names)}")


def _as_in_tables(names: list[str]) -> list[str]:
    """Return strategy, modalities and model of a row with the strategy as tables write it.

    For example, if there is only one modality, ``vote@extractor`` becomes ``vote``.
    """
    if len(names) < 2:
        return names
    try:
        return [configure(names[0], split_modalities(names[1])).strategy, *names[1:]]
    except ModelError:  # not a strategy: the caller lists the rows
        return names


def _same(wanted: str, name: str) -> bool:
    return sorted(split_modalities(wanted)) == sorted(split_modalities(name))


def _named_after(params: Params, folder: Path) -> str:
    name = corpus_of(folder.resolve().name)
    if name not in params.corpora:
        raise UserError(f"the name of {folder} matches no corpus in {params.path}: name the corpus with --corpus")
    return name


def _only_corpus(params: Params) -> str:
    if len(params.run.corpora) != 1:
        raise UserError(f"{params.path}: run.corpora lists {len(params.run.corpora)} corpora: name one with --corpus")
    return params.run.corpora[0]


def _runs(first: Path, second: Path, corpus: CorpusParams) -> tuple[Pairs, list[str]]:
    """Return the predictions of the configurations that both folders have, and notes for the comparison."""
    paths = [folder / "predictions.csv" for folder in (first, second)]
    unknown = [why for path in paths if path.exists() and (why := bound.unknown(path))]
    one, two = (by_configuration(read_predictions(path, corpus, checked=not bound.unknown(path))) for path in paths)
    pairs = {shared.display: (one[shared], two[shared]) for shared in one if shared in two}
    if not pairs:
        raise UserError(f"{first} and {second} have no row in common: choose two that share a configuration")
    words = [
        "Differences: the second minus the first. p: Holm's correction over all rows, separately for each metric.",
        *unknown,
    ]
    for folder, own, other in ((first, one, two), (second, two, one)):
        if alone := [found.display for found in own if found not in other]:
            words.append(f"Only in {folder}: {', '.join(alone)}.")
    return pairs, words


def _out_of_date(params: Params, name: str, folders: Sequence[Path]) -> list[str]:
    """Return a sentence if one of the folders is the corpus's own results folder and its results are out of date."""
    if not any(folder.resolve() == CorpusPaths(name).results.resolve() for folder in folders):
        return []
    try:
        require_trained(params, name)
    except (UserError, StoreError) as error:
        return [f"Out of date: {error}."]
    return []


def _rows(name: str, corpus: CorpusParams, first: str, second: str) -> tuple[Pairs, list[str]]:
    parts = by_configuration(read_predictions(CorpusPaths(name).predictions, corpus))
    one, two = (find_configuration(spec, list(parts)) for spec in (first, second))
    label = f"{one} and {two}"
    return {label: (parts[one], parts[two])}, ["Differences: the second minus the first."]


def _aligned(label: str, one: pd.DataFrame, two: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables, the second one reordered to the utterances and columns of the first."""
    different = set(one["utterance"]) ^ set(two["utterance"])
    if different or len(one) != len(two):
        example = f"; for example, {min(different)!r} is in only one of them" if different else ""
        raise UserError(
            f"{label}: the two runs predict different utterances ({len(one)} and {len(two)}){example}: "
            "only runs on the same utterances can be compared"
        )
    other = two.set_index("utterance").loc[list(one["utterance"])].reset_index()
    unlike = one["truth"].to_numpy() != other["truth"].to_numpy()
    if unlike.any():
        raise UserError(
            f"{label}: the labels of the two runs differ, first for {one['utterance'].to_numpy()[unlike][0]!r}: "
            "run `crossmodal train` again for the older one"
        )
    return one, other.reindex(columns=one.columns)


def _table(found: Sequence[Compared], *, several: bool) -> Table:
    header = ["row", "metric", "first", "second", "difference", "p (Holm)" if several else "p"]
    lines = []
    for c in found:
        values = [number(c.metric, c.first), number(c.metric, c.second), difference(c.metric, c.difference)]
        lines.append([c.label, c.metric.name, *values, p_value(c.p_holm)])
    return Table(header, lines)
