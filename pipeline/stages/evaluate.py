"""evaluate: from predictions to the table, every figure with its interval."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.errors import StoreError
from models.metrics import metric, metric_names
from models.protocol import groups_of
from models.stats import Interval, Resamples, group_bootstrap, paired_difference, resample
from models.strategies import strategy
from pipeline.errors import UserError
from pipeline.params import CorpusParams, Params
from pipeline.paths import CorpusPaths
from pipeline.stages.files import write_text
from pipeline.stages.train import inputs_key, read_record
from pipeline.utterances import read_table, read_utterances, write_table

SHARES = {"accuracy", "uar", "weighted_f1", "macro_f1", "has0_acc", "has0_f1", "non0_acc", "non0_f1", "acc5", "acc7"}


@dataclass(frozen=True)
class Scored:
    """One row of the table: who, its figures by metric, and its lead over the best single modality."""

    strategy: str
    modalities: str
    model: str
    n: int
    figures: dict[str, Interval]
    lead: Interval | None = None

    @property
    def single(self) -> bool:
        """Whether this is one modality alone, and no floor."""
        return bool(self.modalities) and not self.fused and strategy(self.strategy).kind != "floor"

    @property
    def fused(self) -> bool:
        """Whether this fuses two modalities or more."""
        return "+" in self.modalities


def figures_of(corpus: CorpusParams) -> tuple[str, ...]:
    """Return the figures of a corpus's table, the leading one first."""
    return corpus.metrics or metric_names(corpus.task)


def evaluate(params: Params, name: str) -> None:
    """Write table.csv, table.md, metrics.json and the confusion matrices' data.

    Raises
    ------
    UserError
        If the predictions are missing or are not of these utterances.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    predictions = read_predictions(paths.predictions, corpus)
    _require_current(params, name)
    table = read_utterances(paths.utterances, corpus.label)
    groups = _groups(table, corpus, predictions)
    rows = _with_leads(_score(predictions, corpus, params, groups), predictions, corpus, params, groups)
    write_table(pd.DataFrame(_tidy(name, rows)), paths.results / "table.csv")
    write_text(paths.results / "metrics.json", json.dumps(_metrics(rows), indent=1) + "\n")
    write_text(
        paths.results / "table.md", _markdown(name, rows, corpus, params, [f"Note: {n}." for n in notices_of(name)])
    )
    _plots(paths.results / "plots", predictions, corpus)


def printed(name: str) -> str:
    """Return the table as `evaluate` wrote it.

    Raises
    ------
    UserError
        If there is none yet.
    """
    path = CorpusPaths(name).results / "table.md"
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal evaluate --corpus {name}` first")
    return path.read_text(encoding="utf-8")


def _require_current(params: Params, name: str) -> None:
    """Refuse predictions of other labels, features or settings; where the features are gone, take them as they are."""
    record = read_record(name)
    try:
        key = inputs_key(params, name)
    except StoreError:
        return
    if record is None or record.inputs != key:
        path = CorpusPaths(name).predictions
        raise UserError(
            f"{path} was made from other labels, features or settings: run `crossmodal train --corpus {name}`"
        )


def read_predictions(path: Path, corpus: CorpusParams) -> pd.DataFrame:
    """Read predictions.csv; a missing one raises `UserError`."""
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal train` for this corpus first")
    kind = float if corpus.task == "regression" else str
    names = dict.fromkeys(("utterance", "strategy", "modalities", "model", "fold"), str)
    types = names | {"truth": kind, "prediction": kind}
    found = read_table(path, dtype=types, usecols=lambda column: column in types)
    if missing := [column for column in types if column not in found.columns]:
        raise UserError(f"{path} has no column {missing[0]!r}: run `crossmodal train` again")
    return found


def _groups(table: pd.DataFrame, corpus: CorpusParams, predictions: pd.DataFrame) -> pd.Series:
    """Return the group of each utterance, by utterance: what the bootstrap keeps together."""
    groups = pd.Series(groups_of(table, corpus.protocol.group), index=table["utterance"])
    unknown = set(predictions["utterance"]) - set(groups.index)
    if unknown:
        raise UserError(
            f"the predictions name {min(unknown)!r}, which is no utterance of the corpus: run `crossmodal train` again"
        )
    return groups


def _systems(predictions: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], pd.DataFrame]]:
    yield from predictions.groupby(["strategy", "modalities", "model"], sort=False)


def _score(predictions: pd.DataFrame, corpus: CorpusParams, params: Params, groups: pd.Series) -> list[Scored]:
    drawn: dict[tuple[str, ...], Resamples] = {}
    rows = []
    for (name, modalities, model), part in _systems(predictions):
        who = tuple(part["utterance"])
        if who not in drawn:
            drawn[who] = resample(
                groups[list(who)].to_numpy(), draws=params.evaluate.resamples, seed=params.evaluate.seed
            )
        figures = {
            m: group_bootstrap(
                metric(corpus.task, m).function, part["truth"].to_numpy(), part["prediction"].to_numpy(), drawn[who]
            )
            for m in figures_of(corpus)
        }
        rows.append(Scored(name, modalities, model, len(part), figures))
    if len(drawn) > 1:
        raise UserError("the strategies were not scored on the same utterances: run `crossmodal train` again")
    return rows


def _with_leads(
    rows: Sequence[Scored], predictions: pd.DataFrame, corpus: CorpusParams, params: Params, groups: pd.Series
) -> list[Scored]:
    """Add to each fusion its paired difference to the best single modality, in the leading figure."""
    best = best_single(rows, corpus)
    if best is None:
        return list(rows)
    parts = dict(_systems(predictions))
    base = parts[(best.strategy, best.modalities, best.model)]
    drawn = resample(
        groups[list(base["utterance"])].to_numpy(), draws=params.evaluate.resamples, seed=params.evaluate.seed
    )
    first = metric(corpus.task, figures_of(corpus)[0]).function
    found = []
    for row in rows:
        lead = None
        if row.fused:
            mine = parts[(row.strategy, row.modalities, row.model)]
            truth, ours, theirs = (part.to_numpy() for part in (base["truth"], mine["prediction"], base["prediction"]))
            lead = paired_difference(first, truth, ours, theirs, drawn)
        found.append(Scored(row.strategy, row.modalities, row.model, row.n, row.figures, lead))
    return found


def best_single(rows: Sequence[Scored], corpus: CorpusParams) -> Scored | None:
    """Return the best unimodal row in the leading figure; None where there is no unimodal row."""
    name = figures_of(corpus)[0]
    sign = 1 if metric(corpus.task, name).higher_is_better else -1
    singles = [row for row in rows if row.single]
    return max(singles, key=lambda row: sign * row.figures[name].value, default=None)


def _tidy(name: str, rows: Sequence[Scored]) -> Iterator[dict[str, object]]:
    for row in rows:
        who = {"corpus": name, "strategy": row.strategy, "modalities": row.modalities, "model": row.model}
        for measured, figure in row.figures.items():
            yield who | {"metric": measured, "value": figure.value, "low": figure.low, "high": figure.high, "n": row.n}


def _metrics(rows: Sequence[Scored]) -> dict[str, dict[str, float | None]]:
    """Return the figures by row, for `dvc metrics`; an undefined one is null, as JSON knows no NaN."""
    return {
        " ".join(part for part in (row.strategy, row.modalities, row.model) if part): {
            m: round(f.value, 6) if math.isfinite(f.value) else None for m, f in row.figures.items()
        }
        for row in rows
    }


def _markdown(name: str, rows: Sequence[Scored], corpus: CorpusParams, params: Params, notices: Sequence[str]) -> str:
    names = figures_of(corpus)
    header = ["strategy", "modalities", "model", *names, f"{names[0]} against the best single modality", "n"]
    cells = [header, *(_cells(row, corpus) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(header))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join([f"# {name}", "", *lines, "", *_words(rows, corpus, params), *notices, ""])


def _cells(row: Scored, corpus: CorpusParams) -> list[str]:
    figures = [_figure(m, figure) for m, figure in row.figures.items()]
    return [row.strategy, row.modalities.replace("+", " + "), row.model, *figures, _lead(row, corpus), str(row.n)]


def _figure(name: str, figure: Interval) -> str:
    form = "{:.1f} [{:.1f}, {:.1f}]" if name in SHARES else "{:.3f} [{:.3f}, {:.3f}]"
    scale = 100 if name in SHARES else 1
    if not math.isfinite(figure.value):
        return "undefined"
    if not math.isfinite(figure.low):
        return form.split(" [")[0].format(scale * figure.value) + " [no interval: one group]"
    return form.format(*(scale * x for x in (figure.value, figure.low, figure.high)))


def _lead(row: Scored, corpus: CorpusParams) -> str:
    """Return the difference to the best single modality, and in words whether the fusion is better."""
    if row.lead is None:
        return ""
    name = figures_of(corpus)[0]
    better_up = metric(corpus.task, name).higher_is_better
    low, high = (row.lead.low, row.lead.high) if better_up else (-row.lead.high, -row.lead.low)
    verdict = "better" if low > 0 else "worse" if high < 0 else "not better"
    scale = 100 if name in SHARES else 1
    form = "{:+.1f} [{:+.1f}, {:+.1f}]" if name in SHARES else "{:+.3f} [{:+.3f}, {:+.3f}]"
    return form.format(*(scale * x for x in (row.lead.value, row.lead.low, row.lead.high))) + f" {verdict}"


def _words(rows: Sequence[Scored], corpus: CorpusParams, params: Params) -> Iterator[str]:
    shares = "Shares are in percent. " if any(m in SHARES for m in figures_of(corpus)) else ""
    yield (
        f"{shares}In brackets: 95 % bootstrap intervals, {params.evaluate.resamples} resamples of whole groups "
        f"({corpus.protocol.group}). "
        f"Protocol: {corpus.protocol.kind}."
    )
    best = best_single(rows, corpus)
    if best is not None and any(row.fused for row in rows):
        yield (
            f"The best single modality here: {best.modalities}, {best.strategy} with {best.model}. "
            "'not better': the interval of the difference holds 0."
        )
    if corpus.note:
        yield corpus.note


def notices_of(name: str) -> list[str]:
    """Return what the protocol and the leak guard remarked on when the corpus was trained."""
    record = read_record(name)
    return list(record.notices) if record else []


def _plots(folder: Path, predictions: pd.DataFrame, corpus: CorpusParams) -> None:
    """Write one CSV a system: truth and prediction of each utterance, which DVC draws as a confusion matrix."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set()
    for key, part in _systems(predictions):
        path = folder / ("-".join(k.replace("+", "_") for k in key if k) + ".csv")
        shown = part[["utterance", "truth", "prediction"]].copy()
        if corpus.task == "regression":
            shown[["truth", "prediction"]] = np.rint(shown[["truth", "prediction"]]).astype(int)
        write_table(shown, path)
        wanted.add(path)
    for old in set(folder.glob("*.csv")) - wanted:
        old.unlink()
