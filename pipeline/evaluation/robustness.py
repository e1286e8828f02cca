"""How well fusions perform when modalities are missing: ablated at test time, or absent from the recordings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.names import suggest
from models.configuration import Configuration, join_modalities, split_modalities
from models.evaluation.intervals import Interval, Resamples, group_bootstrap, paired_difference, resample
from models.evaluation.metrics import Metric
from pipeline.errors import UserError
from pipeline.evaluation.formatting import difference, number, spaced, with_interval
from pipeline.evaluation.results import NAMES, by_configuration, leading_of_predictions
from pipeline.evaluation.scoring import full_fusions
from pipeline.reporting.tables import Block, Table
from pipeline.settings.blocks import CorpusParams, EvaluateParams

LOST = (0, 10, 20, 30, 40, 50)  # percent of the utterances that lose a modality
ORDERS = 20  # random orders in which utterances lose the modality; metrics are means over these orders
COLUMNS = [*NAMES, "removed", "share", "metric", "value", "low", "high"]
PRESENCE_COLUMNS = [*NAMES, "present", "metric", "n", "value", "low", "high"]


@dataclass(frozen=True)
class Setting:
    """The metric, groups and number of resamples shared by all robustness tables.

    The metric must read predictions, because `train` keeps no probabilities of fusions with ablated modalities.
    """

    metric: Metric
    groups: pd.Series
    params: EvaluateParams

    def bootstrap(self, truth: NDArray[Any], prediction: NDArray[Any], utterances: Sequence[str]) -> Interval:
        """Return the metric of predictions ``(n,)`` with its interval; for ``(s, n)``, the mean over the s rows."""
        return group_bootstrap(self.metric, truth, prediction, self._resamples(utterances))

    def difference(
        self, truth: NDArray[Any], first: NDArray[Any], second: NDArray[Any], names: Sequence[str]
    ) -> Interval:
        """Return the paired difference of two models, the first minus the second."""
        return paired_difference(self.metric, truth, first, second, self._resamples(names))

    def _resamples(self, utterances: Sequence[str]) -> Resamples:
        groups = self.groups[list(utterances)].to_numpy()
        return resample(groups, draws=self.params.resamples, seed=self.params.seed)


def setting_of(corpus: CorpusParams, groups: pd.Series, params: EvaluateParams) -> Setting:
    """Return the metric, groups and number of resamples of a corpus's robustness tables."""
    return Setting(leading_of_predictions(corpus), groups, params)


def ablated_predictions(
    parts: Mapping[Configuration, pd.DataFrame], dropped: pd.DataFrame
) -> dict[Configuration, dict[frozenset[str], NDArray[Any]]]:
    """Return the predictions of each fusion with every non-empty subset of its modalities ablated.

    Parameters
    ----------
    parts
        The predictions of each configuration.
    dropped
        The table dropped.csv.

    Returns
    -------
    dict
        Fusion -> ablated modalities -> predictions ``(n,)``, for the utterances in the order of `parts`.

    Raises
    ------
    UserError
        If dropped.csv lacks a fusion or a set of modalities, or its utterances are not those of `parts`.
    """
    found: dict[Configuration, dict[frozenset[str], NDArray[Any]]] = {one: {} for one in parts if one.is_fusion}
    for (*names, ablated), part in dropped.groupby([*NAMES, "dropped"], sort=False):
        one = Configuration.parse(*names)
        if one not in found:
            continue
        predicted = part.set_index("utterance")["prediction"]
        utterances = parts[one]["utterance"]
        if not predicted.index.is_unique or set(predicted.index) != set(utterances):
            raise UserError(
                f"dropped.csv: the utterances of {one} without {ablated} are not those of predictions.csv: "
                "run `crossmodal train` again"
            )
        found[one][frozenset(split_modalities(ablated))] = predicted[utterances].to_numpy()
    for one, sets in found.items():
        if len(sets) != 2 ** len(one.modalities) - 1:
            raise UserError(f"dropped.csv lacks ablated predictions of {one}: run `crossmodal train` again")
    return found


def ablate_share(whole: NDArray[Any], ablated: NDArray[Any], share: int, seed: int) -> NDArray[Any]:
    """Return predictions in which a share of the utterances has lost a modality.

    The utterances lose the modality one after the other in a random order, so that a larger share includes the
    utterances of every smaller one. The same seed gives the same orders for all fusions.

    Parameters
    ----------
    whole, ablated
        ``(n,)`` predictions with and without the modality.
    share
        Percent of the utterances that lose it.
    seed
        Seed of the random orders.

    Returns
    -------
    ndarray
        Predictions ``(orders, n)``; there is a single order if the share is 0 or 100.

    Examples
    --------
    >>> ablate_share(np.zeros(4), np.ones(4), 50, 0).sum(axis=1)[:3]
    array([2., 2., 2.])
    """
    random, count = np.random.default_rng(seed), round(len(whole) * share / 100)
    ranks = np.stack([np.argsort(random.permutation(len(whole))) for _ in range(ORDERS if 0 < share < 100 else 1)])
    return np.where(ranks < count, ablated, whole)


def by_share(
    parts: Mapping[Configuration, pd.DataFrame], dropped: pd.DataFrame | None, setting: Setting
) -> pd.DataFrame:
    """Return robustness.csv: how the fusions with the most modalities score as more utterances lose a modality."""
    lines = []
    full = {one: parts[one] for one in full_fusions(parts)}
    for one, sets in ({} if dropped is None else ablated_predictions(full, dropped)).items():
        truth, whole, utterances = (full[one][c].to_numpy() for c in ("truth", "prediction", "utterance"))
        for modality in one.modalities:
            for share in LOST:
                predicted = ablate_share(whole, sets[frozenset([modality])], share, setting.params.seed)
                found = setting.bootstrap(truth, predicted, utterances)
                lines.append((*one.names, modality, share, setting.metric.name, found.value, found.low, found.high))
    return pd.DataFrame(lines, columns=COLUMNS)


def by_presence(
    parts: Mapping[Configuration, pd.DataFrame], presence: pd.DataFrame | None, setting: Setting
) -> pd.DataFrame:
    """Return by_presence.csv: how the fusions with the most modalities score for each set of present modalities."""
    lines = []
    for one in [] if presence is None else full_fusions(parts):
        part = parts[one]
        patterns = _patterns(presence, part["utterance"])
        for pattern in sorted(set(patterns), key=lambda p: (-len(split_modalities(p)), p)):
            rows = part[patterns == pattern]
            truth, prediction, utterances = (rows[c].to_numpy() for c in ("truth", "prediction", "utterance"))
            found = setting.bootstrap(truth, prediction, utterances)
            lines.append((*one.names, pattern, setting.metric.name, len(rows), found.value, found.low, found.high))
    return pd.DataFrame(lines, columns=PRESENCE_COLUMNS)


def page(corpus: str, shares: pd.DataFrame, present: pd.DataFrame, metric: Metric, *, fused: bool) -> list[Block]:
    """Return the page of robustness.md.

    Parameters
    ----------
    corpus
        The name of the corpus.
    shares, present
        The tables that `by_share` and `by_presence` returned.
    metric
        The metric of the `Setting`.
    fused
        Whether the corpus has fusions at all.
    """
    title = f"# {corpus}: missing modalities"
    if not fused:
        return [title, "There is no fusion here, so no modality can be ablated."]
    return [title, *_shares(shares, metric, corpus), *_present(present, metric, corpus)]


def parse_modalities(text: str, corpus: CorpusParams) -> frozenset[str]:
    """Return the modalities in a text, separated by commas; raise `UserError` if one is unknown or there are none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in corpus.modalities:
            raise UserError(f"--drop {text}: the corpus has no modality {name!r}; {suggest(name, corpus.modalities)}")
    if not names:
        raise UserError(f"--drop {text!r} names no modality. Choose from: {', '.join(corpus.modalities)}")
    return frozenset(names)


def without_modalities(
    corpus: str, predictions: pd.DataFrame, dropped: pd.DataFrame, ablated: frozenset[str], setting: Setting
) -> list[Block]:
    """Return a table of the scores of all fusions with some modalities ablated in every utterance."""
    parts, metric, named = by_configuration(predictions), setting.metric, ", ".join(sorted(ablated))
    header = [*NAMES, f"{metric.name} of all", f"without {named}", "difference", "left"]
    lines = []
    for one, sets in ablated_predictions(parts, dropped).items():
        lost = ablated & set(one.modalities)
        truth, whole, utterances = (parts[one][c].to_numpy() for c in ("truth", "prediction", "utterance"))
        left = sets[lost] if lost else whole
        cells = [
            with_interval(metric, setting.bootstrap(truth, whole, utterances)),
            with_interval(metric, setting.bootstrap(truth, left, utterances)),
            difference(metric, setting.difference(truth, left, whole, utterances)),
            " + ".join(m for m in one.modalities if m not in lost) or "nothing: the prior",
        ]
        lines.append([*_named(one), *cells])
    return [f"# {corpus}, without {named}", Table(header, lines)]


def _patterns(presence: pd.DataFrame, utterances: pd.Series) -> pd.Series:
    """Return the present modalities of each utterance, joined by + (or ``none``), with the index of `utterances`."""
    table = presence.set_index("utterance")
    if missing := set(utterances) - set(table.index):
        raise UserError(f"presence.csv lacks the utterance {min(missing)!r}: run `crossmodal train` again")
    flags = table.loc[list(utterances)].to_numpy(bool)
    present = [[m for m, there in zip(table.columns, row, strict=True) if there] for row in flags]
    return pd.Series([join_modalities(modalities) or "none" for modalities in present], index=utterances.index)


def _shares(table: pd.DataFrame, metric: Metric, corpus: str) -> Iterator[Block]:
    yield "## A modality removed at test time"
    if table.empty:
        yield f"dropped.csv does not exist: run `crossmodal train --corpus {corpus}`."
        return
    lines = []
    for (*names, removed), part in table.groupby([*NAMES, "removed"], sort=False):
        last = part.iloc[-1]
        cells = [number(metric, value) for value in part["value"]]
        cells[-1] = with_interval(metric, Interval(last["value"], last["low"], last["high"]))
        lines.append([*_named(Configuration.parse(*names)), removed, *cells])
    yield Table([*NAMES, "without", *(f"{share} %" for share in LOST)], lines)
    yield (
        f"{metric.name} when the modality is removed from that share of the utterances, chosen at random; means "
        f"over {ORDERS} choices. The last column has a 95 % interval; all intervals are in robustness.csv."
    )


def _present(table: pd.DataFrame, metric: Metric, corpus: str) -> Iterator[Block]:
    yield "## By the modalities that an utterance has"
    if table.empty:
        yield f"presence.csv does not exist: run `crossmodal train --corpus {corpus}`."
        return
    patterns = list(table[["present", "n"]].drop_duplicates().itertuples(index=False, name=None))
    lines = []
    for one, part in by_configuration(table).items():
        found = {row.present: Interval(row.value, row.low, row.high) for row in part.itertuples(index=False)}
        lines.append([*_named(one), *(with_interval(metric, found[pattern]) for pattern, _ in patterns)])
    yield Table([*NAMES, *(f"{spaced(pattern)} (n = {n})" for pattern, n in patterns)], lines)


def _named(one: Configuration) -> list[str]:
    strategy, modalities, model = one.names
    return [strategy, spaced(modalities), model]
