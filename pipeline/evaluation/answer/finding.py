"""Derive the answer from the scores of the table, with the table's tests and resamples."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from models.configuration import Configuration
from models.evaluation.intervals import Resamples, paired_difference
from models.evaluation.paired_tests import SIGNIFICANT
from models.validation.protocol import PROTOCOLS
from models.wording import described
from pipeline.evaluation.answer.facts import Answer, Caveat, Compared, Gain, Largest, Measure, Measured, Modality
from pipeline.evaluation.results import truth_and_outputs
from pipeline.evaluation.scoring import Scored, Scores, smallest_p
from pipeline.settings.blocks import CorpusParams


@dataclass(frozen=True, eq=False)
class Evidence:
    """The results from which the answer is derived.

    Attributes
    ----------
    scores
        The rows of the table.
    parts
        The predictions of each configuration.
    resamples
        The resampled groups with which the table's intervals were computed.
    statuses
        Modality -> status -> number of utterances, from the record that `train` wrote.
    unit
        What a group is, for example ``speaker``.
    members
        The group of each predicted utterance, indexed by utterance.
    """

    scores: Scores
    parts: Mapping[Configuration, pd.DataFrame]
    resamples: Resamples
    statuses: Mapping[str, Mapping[str, int]]
    unit: str
    members: pd.Series


def answer_of(name: str, corpus: CorpusParams, evidence: Evidence) -> Answer:
    """Return the answer for a corpus.

    Parameters
    ----------
    name, corpus
        The corpus and its settings.
    evidence
        The results from which the answer is derived.
    """
    scores = evidence.scores
    fusions = [row for row in scores.rows if row.is_fusion]
    singles = [row for row in scores.rows if row.is_unimodal]
    groups, leading = evidence.resamples.drawn.shape[1], scores.leading
    least = smallest_p(groups, len(fusions))
    compared = [one for row in fusions if (one := _compared(row, scores)) is not None]
    ranked = sorted(compared, key=lambda one: -leading.sign * one.row.found.value)
    best = scores.best_fusion
    found = Answer(
        name,
        corpus.note,
        measure=Measure(leading.name, leading.share, leading.higher_is_better),
        utterances=scores.rows[0].n,
        groups=groups,
        unit=evidence.unit,
        largest=_largest(corpus, evidence.members),
        protocol=corpus.protocol.kind,
        baseline=_measured(scores.best(row for row in scores.rows if row.is_baseline), scores),
        single=_measured(scores.best_unimodal, scores),
        singles=len(singles),
        fusion=_compared(best, scores) if best else None,
        fusions=sum(math.isfinite(one.p_holm) for one in compared),
        full=_measured(scores.best_full_fusion, scores),
        better=tuple(one for one in ranked if one.verdict == "+ better"),
        worse=sum(one.verdict == "- worse" for one in compared),
        smallest_p=least,
        decidable=bool(compared) and groups > 1 and least < SIGNIFICANT,
        unranked=scores.unranked,
        modalities=tuple(_modality(m, evidence) for m in corpus.modalities),
    )
    return _with_caveats(found, bool(fusions))


def unanswered(name: str, corpus: CorpusParams, why: str) -> Answer:
    """Return the answer for a corpus from which nothing could be learnt; `why` is a sentence without a full stop."""
    return Answer(name, corpus.note, unanswered=why, caveats=("nothing_learnt",))


def _with_caveats(answer: Answer, fused: bool) -> Answer:
    return replace(answer, caveats=tuple(_caveats(answer, fused)))


def _caveats(answer: Answer, fused: bool) -> Iterator[Caveat]:
    if not fused:
        yield "one_modality"
    if answer.single is None or (fused and answer.fusion is None):
        yield "undefined"
    if answer.groups < 2:
        yield "one_group"
    elif fused and not answer.decidable:
        yield "few_groups"
    if answer.largest is not None:
        yield "unequal_groups"
    if answer.unranked:
        yield "speakers_unknown"
    if max(answer.singles, answer.fusions) > 1:
        yield "best_of_many"


def _largest(corpus: CorpusParams, members: pd.Series) -> Largest | None:
    counts = members.value_counts()
    if len(counts) < 2 or 2 * counts.iloc[0] <= len(members):
        return None
    most = int(counts.iloc[0])
    others = None if PROTOCOLS[corpus.protocol.kind].needs_splits else len(members) - most
    return Largest(str(counts.index[0]), most, others)


def _measured(row: Scored | None, scores: Scores) -> Measured | None:
    if row is None:
        return None
    who = row.configuration
    words = described(who, with_model=several_models(row, scores.rows))
    return Measured(who.strategy, who.modalities, who.model, words, row.values[scores.leading.name])


def several_models(row: Scored, rows: Sequence[Scored]) -> bool:
    """Return whether another row differs from this one only in its base model; sentences must then name the model."""
    own = row.configuration
    return any(replace(one.configuration, model=own.model) == own and one is not row for one in rows)


def _compared(row: Scored, scores: Scores) -> Compared | None:
    measured, found = _measured(row, scores), row.comparison
    if measured is None or found is None:
        return None
    return Compared(measured, found.difference, found.p, found.p_holm, found.verdict)


def _modality(name: str, evidence: Evidence) -> Modality:
    scores = evidence.scores
    single = scores.best(row for row in scores.rows if row.is_unimodal and row.configuration.modalities == (name,))
    return Modality(name, _measured(single, scores), _gain(name, evidence), evidence.statuses.get(name, {}))


def _gain(modality: str, evidence: Evidence) -> Gain | None:
    """Return what a modality adds, in the leading metric; None in the cases that `Modality.gain` lists."""
    scores, full = evidence.scores, evidence.scores.best_full_fusion
    if full is None or modality not in full.configuration.modalities:
        return None
    without = scores.best(_without(modality, scores.rows))
    measured = _measured(without, scores)
    if without is None or measured is None:
        return None
    truth, own = truth_and_outputs(scores.leading, evidence.parts[full.configuration])
    _, other = truth_and_outputs(scores.leading, evidence.parts[without.configuration])
    others = [m for m in full.configuration.modalities if m != modality]
    fitted = any(list(row.configuration.modalities) == others for row in scores.rows if not row.is_baseline)
    return Gain(measured, paired_difference(scores.leading, truth, own, other, evidence.resamples), fitted)


def _without(modality: str, rows: Sequence[Scored]) -> Iterator[Scored]:
    return (row for row in rows if not row.is_baseline and modality not in row.configuration.modalities)
