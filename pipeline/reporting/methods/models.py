"""Sentences of the methods text about the models, the protocol and the statistics."""

from collections.abc import Iterator
from dataclasses import dataclass

from common.references import Reference, cited
from models.classical.classifiers import SEED, classifier, classifier_names
from models.configuration import EXTRACTOR, split_bases
from models.evaluation.paired_tests import SWAPS, takes_all_ways
from models.references import HOCHREITER
from models.registry import LSTM, strategy
from models.validation.folds import INNER_FOLDS
from models.wording import model_words, strategy_words
from pipeline.errors import counted
from pipeline.evaluation.formatting import basic_intervals, p_value
from pipeline.evaluation.scoring import Scored, Scores, smallest_p
from pipeline.settings.blocks import CorpusParams, EvaluateParams, TrainParams

HOLM = Reference(
    "article",
    "Holm, Sture",
    "A simple sequentially rejective multiple test procedure",
    "Scandinavian Journal of Statistics",
    1979,
)
EFRON = Reference(
    "book", "Efron, Bradley and Tibshirani, Robert J.", "An introduction to the bootstrap", "Chapman and Hall", 1993
)
_NORMALISED = {
    "standard": "standardised by the mean and standard deviation of the training part",
    "quantile": "mapped to the normal distribution by their ranks in the training part",
    "speaker": "standardised on each speaker's own recordings, including those tested, but without their labels",
}
_PROTOCOLS = {
    "official": "the published split into training and test was used",
    "crossfit": "the published split was used, with its test part divided into {folds} folds of whole groups; for each "
    "fold, the other folds were used to choose settings and, with the training part, to train",
    "group-kfold": "cross-validation with {folds} folds was used, in which no {group} is in both training and test",
    "leave-one-group-out": "each {group} was tested by models trained on all others",
    "leave-one-corpus-out": "each corpus was tested by models trained on all others",
}


_MOST_FOLDS = 10  # with more folds, their sizes are given as a range


@dataclass(frozen=True)
class Division:
    """The utterances that were predicted: the number of their groups, and how many of them each fold tests."""

    groups: int
    per_fold: tuple[int, ...] = ()


UNTESTED = Division(0)


def model_sentences(scores: Scores, settings: TrainParams) -> Iterator[str]:
    """Yield sentences on the models, the normalisation of features, and the choice of settings.

    Parameters
    ----------
    scores
        The rows of the table.
    settings
        The settings of training for this corpus.
    """
    kinds = {
        "Baselines": [row for row in scores.rows if row.is_baseline],
        "Single modalities": [row for row in scores.rows if row.is_unimodal],
        "Fusion": [row for row in scores.rows if row.is_fusion],
    }
    for title, rows in kinds.items():
        named = dict.fromkeys(f"{_words(row)}{cited(strategy(row.configuration.strategy).references)}" for row in rows)
        if named:
            yield f"{title}: {', '.join(named)}."
    yield from _late_fusions(scores)
    models = dict.fromkeys(row.configuration.model for row in scores.rows if row.configuration.model)
    if models:
        yield f"Base models: {', '.join(f'{model_words(one)}{cited(references_of(one))}' for one in models)}."
    how = _NORMALISED.get(settings.normalise, settings.normalise)
    yield f"Features were {how}."
    yield (
        f"Settings of models were chosen on at most {INNER_FOLDS} inner folds of whole groups of the training part "
        f"(or on the validation part that a corpus publishes), among at most {settings.budget} "
        "combinations for each strategy; each test utterance was predicted once. Missing modalities are masked, and "
        f"every model is scored on the same utterances. Random numbers in training have the seed {SEED}."
    )
    if (context := settings.context).used:
        yield (
            f"Each utterance was read together with the {context.before} before it and the {context.after} after it "
            f"in the same {context.by}."
        )


def _late_fusions(scores: Scores) -> Iterator[str]:
    """Yield sentences on what late fusions combine, and how the product rule uses the shares of classes."""
    late = {row.configuration.strategy for row in scores.rows if strategy(row.configuration.strategy).shares_bases}
    fused = [row for row in scores.rows if row.is_fusion and row.configuration.strategy in late]
    if any(split_bases(row.configuration.strategy)[1] != EXTRACTOR for row in fused):
        yield (
            "A late fusion of modalities combines one model per modality, which reads all features of the modality "
            "together (in the table: unimodal, with the same base model), even where another row of that modality is "
            "better."
        )
    if any("product" in row.configuration.registered_strategy for row in scores.rows) and _classifies(scores):
        yield (
            "The product rule divides the probabilities of each model by the shares of the classes in the training "
            "part, multiplies the results, and multiplies the product by these shares raised to a power that was "
            "chosen on out-of-fold predictions; so its probabilities are not the plain product of those of the models."
        )


def _classifies(scores: Scores) -> bool:
    return scores.leading.task == "classification"


def protocol_sentences(corpus: CorpusParams, tested: Division, unranked: str) -> Iterator[str]:
    """Yield sentences on how utterances were divided into training and test.

    Parameters
    ----------
    corpus
        The settings of the corpus.
    tested
        The predicted utterances.
    unranked
        Why no row is called best; empty if one is.
    """
    protocol = corpus.protocol
    sentence = _PROTOCOLS.get(protocol.kind, f"the protocol {protocol.kind} was used")
    folds = min(protocol.folds, tested.groups)
    yield f"For evaluation, {sentence.format(folds=folds, group=protocol.group)} (groups: {tested.groups})."
    sizes = sorted(map(str, tested.per_fold), key=int, reverse=True)
    if len(set(sizes)) > 1 and len(sizes) > _MOST_FOLDS:
        yield f"Each fold tests {sizes[-1]} to {sizes[0]} utterances."
    elif len(set(sizes)) > 1:
        yield f"The folds test {', '.join(sizes[:-1])} and {sizes[-1]} utterances."
    if unranked:
        yield f"{unranked[0].upper()}{unranked[1:]}: the same person may be in training and test."


def statistics_sentences(scores: Scores, corpus: CorpusParams, settings: EvaluateParams, groups: int) -> Iterator[str]:
    """Yield sentences on the metrics, the intervals and the tests; `groups` is the number of tested groups."""
    leading, *others = (metric.name for metric in scores.metrics)
    besides = f" (also reported: {', '.join(others)})" if others else ""
    yield f"The leading metric is {leading}{besides}."
    yield (
        f"Intervals are 95 % percentile intervals of {settings.resamples} bootstrap samples of whole groups "
        f"({corpus.protocol.group}), with the seed {settings.seed}{cited((EFRON,))}."
    )
    if basic := basic_intervals(scores.metrics):
        yield basic
    if any(row.comparison for row in scores.rows):
        if groups < 2:
            yield "With a single group, fusions cannot be tested."
            return
        fusions = sum(row.is_fusion for row in scores.rows)
        swaps = f"all {2**groups} ways" if takes_all_ways(groups) else f"{SWAPS} random ways"
        yield (
            f"Each fusion was compared with the {scores.top} single modality on the same utterances, by the interval "
            "of the paired difference and by a two-sided randomisation test over whole groups "
            f"({swaps} to swap the predictions of groups); p was corrected for {counted(fusions, 'fusion')} by Holm's "
            f"method{cited((HOLM,))}, and the smallest p that can result is {p_value(smallest_p(groups, fusions))}."
        )


def references_of(model: str) -> tuple[Reference, ...]:
    """Return the publications to cite for a base model."""
    if model == LSTM:
        return (HOCHREITER,)
    return classifier(model).references if model in classifier_names() else ()


def used_references(scores: Scores) -> Iterator[Reference]:
    """Yield the publications that the sentences on models and statistics cite."""
    for row in scores.rows:
        yield from strategy(row.configuration.strategy).references
        yield from references_of(row.configuration.model)
    yield EFRON
    if any(row.comparison for row in scores.rows):
        yield HOLM


def _words(row: Scored) -> str:
    found = strategy(row.configuration.strategy)
    if row.configuration.strategy == "unimodal":
        return "each base model on the features of one modality"
    over = " over the extractors of one modality" if row.is_unimodal and found.shares_bases else ""
    return f"{strategy_words(row.configuration.strategy)}{over}"
