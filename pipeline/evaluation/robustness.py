"""How much of a fusion is left when modalities are missing: taken away at test time, or absent from the recordings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.names import suggest
from models.evaluation.intervals import Interval, group_bootstrap, paired_difference, resample
from models.evaluation.metrics import Metric
from pipeline.errors import UserError
from pipeline.evaluation.formatting import difference, number, pipe_table, spaced, with_interval
from pipeline.evaluation.results import WHO, Key, label_of, metrics_of, systems
from pipeline.reporting.drawing import curves
from pipeline.settings.blocks import CorpusParams, EvaluateParams

SHARES = (0, 10, 20, 30, 40, 50)  # percent of the utterances that lose a modality
ORDERS = 20  # random orders in which they lose it; the figures are means over them
COLUMNS = [*WHO, "removed", "share", "metric", "value", "low", "high"]
PRESENCE_COLUMNS = [*WHO, "present", "metric", "n", "value", "low", "high"]


@dataclass(frozen=True)
class Setting:
    """What all figures here share: the leading figure, the groups of the utterances, resamples."""

    metric: Metric
    groups: pd.Series
    params: EvaluateParams

    def bootstrap(self, truth: NDArray[Any], prediction: NDArray[Any], utterances: Sequence[str]) -> Interval:
        """Return the leading figure with its interval; predictions ``(n,)``, or ``(s, n)`` to be averaged over."""
        return group_bootstrap(self.metric, truth, prediction, self._drawn(utterances))

    def lead(self, truth: NDArray[Any], first: NDArray[Any], second: NDArray[Any], names: Sequence[str]) -> Interval:
        """Return the paired difference of two systems."""
        return paired_difference(self.metric, truth, first, second, self._drawn(names))

    def _drawn(self, utterances: Sequence[str]) -> Any:
        groups = self.groups[list(utterances)].to_numpy()
        return resample(groups, draws=self.params.resamples, seed=self.params.seed)


def setting_of(corpus: CorpusParams, groups: pd.Series, params: EvaluateParams) -> Setting:
    """Return the setting of a corpus."""
    return Setting(metrics_of(corpus)[0], groups, params)


def largest(parts: Mapping[Key, pd.DataFrame]) -> dict[Key, pd.DataFrame]:
    """Return the fusions of the most modalities; empty where nothing is fused."""
    size = max((key[1].count("+") for key in parts), default=0)
    return {key: part for key, part in parts.items() if size and key[1].count("+") == size}


def without(parts: Mapping[Key, pd.DataFrame], dropped: pd.DataFrame) -> dict[Key, dict[frozenset[str], NDArray[Any]]]:
    """Return what each row predicts without some of its modalities, in the order of its predictions.

    Raises
    ------
    UserError
        If dropped.csv lacks a row, a set of modalities or an utterance.
    """
    found: dict[Key, dict[frozenset[str], NDArray[Any]]] = {key: {} for key in parts if "+" in key[1]}
    for (*who, taken), part in dropped.groupby([*WHO, "dropped"], sort=False):
        key = (who[0], who[1], who[2])
        if key not in found:
            continue
        answers = part.set_index("utterance")["prediction"]
        utterances = parts[key]["utterance"]
        if not answers.index.is_unique or set(answers.index) != set(utterances):
            raise UserError(
                f"dropped.csv: {label_of(key)} without {taken} is not of the utterances of predictions.csv: "
                "run `crossmodal train` again"
            )
        found[key][frozenset(taken.split("+"))] = answers[utterances].to_numpy()
    for key, sets in found.items():
        if len(sets) != 2 ** len(key[1].split("+")) - 1:
            raise UserError(
                f"dropped.csv does not say what {label_of(key)} predicts without each of its modalities: "
                "run `crossmodal train` again"
            )
    return found


def thinned(full: NDArray[Any], bare: NDArray[Any], share: int, seed: int) -> NDArray[Any]:
    """Return ``(orders, n)``: the answers in `full`, a share of them as in `bare`.

    The utterances lose the modality one after the other in a random order, so that a larger share takes it from those
    of a smaller share and from others; the same seed gives the same orders for all rows.

    Parameters
    ----------
    full, bare
        ``(n,)`` answers with and without the modality.
    share
        Percent of the utterances that lose it.
    seed
        Of the random orders.

    Examples
    --------
    >>> thinned(np.zeros(4), np.ones(4), 50, 0).sum(axis=1)[:3]
    array([2., 2., 2.])
    """
    random, count = np.random.default_rng(seed), round(len(full) * share / 100)
    ranks = np.stack([np.argsort(random.permutation(len(full))) for _ in range(ORDERS if 0 < share < 100 else 1)])
    return np.where(ranks < count, bare, full)


def by_share(parts: Mapping[Key, pd.DataFrame], dropped: pd.DataFrame | None, setting: Setting) -> pd.DataFrame:
    """Return robustness.csv: the leading figure of the largest fusions as more utterances lose a modality."""
    lines = []
    chosen = largest(parts)
    bare = {} if dropped is None else without(chosen, dropped)
    for key, sets in bare.items():
        truth, full, utterances = (chosen[key][c].to_numpy() for c in ("truth", "prediction", "utterance"))
        for modality in key[1].split("+"):
            for share in SHARES:
                answers = thinned(full, sets[frozenset([modality])], share, setting.params.seed)
                found = setting.bootstrap(truth, answers, utterances)
                lines.append((*key, modality, share, setting.metric.name, found.value, found.low, found.high))
    return pd.DataFrame(lines, columns=COLUMNS)


def by_presence(parts: Mapping[Key, pd.DataFrame], presence: pd.DataFrame | None, setting: Setting) -> pd.DataFrame:
    """Return by_presence.csv: the leading figure of the largest fusions by which modalities an utterance has."""
    lines = []
    for key, part in largest(parts).items() if presence is not None else ():
        assert presence is not None
        patterns = _patterns(presence, part["utterance"])
        for pattern in sorted(set(patterns), key=lambda p: (-len(p.split("+")), p)):
            rows = part[patterns == pattern]
            truth, prediction, names = (rows[c].to_numpy() for c in ("truth", "prediction", "utterance"))
            found = setting.bootstrap(truth, prediction, names)
            lines.append((*key, pattern, setting.metric.name, len(rows), found.value, found.low, found.high))
    return pd.DataFrame(lines, columns=PRESENCE_COLUMNS)


def drawn(table: pd.DataFrame) -> str:
    """Draw robustness.csv: a panel a modality, a curve a fusion."""
    panels: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for line in table.itertuples(index=False):
        series = panels.setdefault(f"without {line.removed}", {})
        series.setdefault(label_of((line.strategy, line.modalities, line.model)), []).append((line.share, line.value))
    return curves(panels, f"{table['metric'].iloc[0]} as utterances lose a modality", "% of utterances that lose it")


def markdown(corpus: str, shares: pd.DataFrame, present: pd.DataFrame, metric: Metric, train: str) -> str:
    """Return robustness.md; `train` is the command that writes what is missing."""
    lines = [
        f"# {corpus}: missing modalities",
        "",
        *_shares(shares, metric, train),
        "",
        *_present(present, metric, train),
        "",
    ]
    return "\n".join(lines)


def nothing_fused(corpus: str) -> str:
    """Return robustness.md of a corpus where nothing is fused."""
    return f"# {corpus}: missing modalities\n\nNothing is fused here: there is no modality to do without.\n"


def chosen_modalities(text: str, corpus: CorpusParams) -> frozenset[str]:
    """Read modalities written with commas between them; an unknown one raises `UserError`."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in corpus.modalities:
            raise UserError(f"--drop {text}: the corpus has no modality {name!r}; {suggest(name, corpus.modalities)}")
    if not names:
        raise UserError(f"--drop {text!r} names no modality. There are: {', '.join(corpus.modalities)}")
    return frozenset(names)


def dropping(
    corpus: str, predictions: pd.DataFrame, dropped: pd.DataFrame, taken: frozenset[str], setting: Setting
) -> str:
    """Return a table of all fusions with some modalities taken away from every utterance."""
    parts = {key: part for key, part in systems(predictions).items() if "+" in key[1]}
    header = [*WHO, f"{setting.metric.name} of all", f"without {', '.join(sorted(taken))}", "difference", "left"]
    lines = []
    for key, sets in without(parts, dropped).items():
        gone = taken & set(key[1].split("+"))
        truth, full, names = (parts[key][c].to_numpy() for c in ("truth", "prediction", "utterance"))
        bare = sets[gone] if gone else full
        left = [m for m in key[1].split("+") if m not in gone]
        cells = [
            with_interval(setting.metric, setting.bootstrap(truth, full, names)),
            with_interval(setting.metric, setting.bootstrap(truth, bare, names)),
            difference(setting.metric, setting.lead(truth, bare, full, names)),
        ]
        lines.append([key[0], spaced(key[1]), key[2], *cells, " + ".join(left) or "nothing: the prior"])
    return "\n".join([f"# {corpus}, without {', '.join(sorted(taken))}", "", *pipe_table(header, lines), ""])


def _patterns(presence: pd.DataFrame, utterances: pd.Series) -> pd.Series:
    """Return the modalities of each utterance, joined by +, with the index of `utterances`."""
    table = presence.set_index("utterance")
    if missing := set(utterances) - set(table.index):
        raise UserError(f"presence.csv lacks the utterance {min(missing)!r}: run `crossmodal train` again")
    flags = table.loc[list(utterances)].to_numpy(bool)
    names = ["+".join(m for m, there in zip(table.columns, row, strict=True) if there) or "none" for row in flags]
    return pd.Series(names, index=utterances.index)


def _shares(table: pd.DataFrame, metric: Metric, train: str) -> Iterator[str]:
    yield "## A modality taken away at test time"
    yield ""
    if table.empty:
        yield f"dropped.csv is not there: run `{train}`."
        return
    lines = []
    for (strategy, modalities, model, removed), part in table.groupby([*WHO, "removed"], sort=False):
        cells = [number(metric, value) for value in part["value"]]
        last = part.iloc[-1]
        cells[-1] = with_interval(metric, Interval(last["value"], last["low"], last["high"]))
        lines.append([strategy, spaced(modalities), model, removed, *cells])
    yield from pipe_table([*WHO, "without", *(f"{share} %" for share in SHARES)], lines)
    yield ""
    yield (
        f"{metric.name} when the modality is taken away from that share of the utterances, chosen at random; means "
        f"over {ORDERS} choices. The last column with its 95 % interval; all intervals are in robustness.csv."
    )


def _present(table: pd.DataFrame, metric: Metric, train: str) -> Iterator[str]:
    yield "## By the modalities that an utterance has"
    yield ""
    if table.empty:
        yield f"presence.csv is not there: run `{train}`."
        return
    patterns = list(table[["present", "n"]].drop_duplicates().itertuples(index=False, name=None))
    lines = []
    for (strategy, modalities, model), part in table.groupby(WHO, sort=False):
        found = {row.present: Interval(row.value, row.low, row.high) for row in part.itertuples(index=False)}
        cells = [with_interval(metric, found[pattern]) for pattern, _ in patterns]
        lines.append([strategy, spaced(modalities), model, *cells])
    yield from pipe_table([*WHO, *(f"{spaced(pattern)} (n = {n})" for pattern, n in patterns)], lines)
