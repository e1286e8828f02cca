"""The rows of single modalities with which the page compares a fusion: those that it combines, or the best ones."""

from dataclasses import dataclass

from models.configuration import Configuration
from models.registry import strategy
from pipeline.evaluation.scoring import Scored, Scores


@dataclass(frozen=True)
class Alone:
    """At most one row for each modality that a fusion reads, in their order.

    `combined` says whether the fusion combines these very models; if not, they are the best rows of their modalities.
    """

    rows: tuple[Scored, ...] = ()
    combined: bool = False


def alone_of(row: Scored, scores: Scores) -> Alone:
    """Return the rows of single modalities that belong beside a row; there are none if the row is not a fusion.

    A late fusion combines the predictions of unimodal models, so these explain its errors.
    Other fusions learn from features. They, and late fusions whose models are not in the table, are compared with the
    best row of each modality; a modality in which no row has a defined metric is left out.
    """
    if not row.is_fusion:
        return Alone()
    who, found = row.configuration, {one.configuration: one for one in scores.rows}
    bases = [Configuration("unimodal", (modality,), who.model) for modality in who.modalities]
    late = strategy(who.strategy).shares_bases and who.strategy == who.registered_strategy
    if late and all(base in found for base in bases):
        return Alone(tuple(found[base] for base in bases), True)
    best = best_of_each_modality(scores)
    return Alone(tuple(best[modality] for modality in who.modalities if modality in best))


def best_of_each_modality(scores: Scores) -> dict[str, Scored]:
    """Return the best unimodal row of each modality; a modality without a defined value is left out."""
    modalities = dict.fromkeys(row.configuration.modalities[0] for row in scores.rows if row.is_unimodal)
    best = {
        one: scores.best(row for row in scores.rows if row.is_unimodal and row.configuration.modalities == (one,))
        for one in modalities
    }
    return {modality: row for modality, row in best.items() if row is not None}
