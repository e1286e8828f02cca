"""Sentences of the methods text about the models, the protocol and the statistics."""

from collections.abc import Iterator

from common.references import Reference, cited
from models.classical.classifiers import SEED, classifier, classifier_names
from models.evaluation.paired_tests import SWAPS
from models.references import HOCHREITER
from models.registry import LSTM, strategy
from models.wording import model_words, strategy_words
from pipeline.errors import counted
from pipeline.evaluation.scoring import Scores
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


def model_sentences(scores: Scores, settings: TrainParams) -> Iterator[str]:
    """Yield sentences on the models, the normalisation of features, and the choice of settings.

    Parameters
    ----------
    scores
        The rows of the table.
    settings
        The settings of training for this corpus.
    """
    strategies = dict.fromkeys(row.configuration.strategy for row in scores.rows)
    kinds = {"baseline": "Baselines", "unimodal": "Single modalities", "fusion": "Fusion"}
    for kind, title in kinds.items():
        named = [f"{_words(one)}{cited(strategy(one).references)}" for one in strategies if _kind(one) == kind]
        if named:
            yield f"{title}: {', '.join(named)}."
    models = dict.fromkeys(row.configuration.model for row in scores.rows if row.configuration.model)
    if models:
        yield f"Base models: {', '.join(f'{model_words(one)}{cited(references_of(one))}' for one in models)}."
    how = _NORMALISED.get(settings.normalise, settings.normalise)
    yield f"Features were {how}."
    yield (
        f"Settings of models were chosen on inner folds of the training part, among at most {settings.budget} "
        "combinations for each strategy; each test utterance was predicted once. Missing modalities are masked, and "
        f"every model is scored on the same utterances. Random numbers in training have the seed {SEED}."
    )
    if (context := settings.context).used:
        yield (
            f"Each utterance was read together with the {context.before} before it and the {context.after} after it "
            f"in the same {context.by}."
        )


def protocol_sentences(corpus: CorpusParams, groups: int, unranked: str) -> Iterator[str]:
    """Yield sentences on how utterances were divided into training and test.

    Parameters
    ----------
    corpus
        The settings of the corpus.
    groups
        The number of groups of the predicted utterances.
    unranked
        Why no row is called best; empty if one is.
    """
    protocol = corpus.protocol
    sentence = _PROTOCOLS.get(protocol.kind, f"the protocol {protocol.kind} was used")
    folds = min(protocol.folds, groups)
    yield f"For evaluation, {sentence.format(folds=folds, group=protocol.group)} (groups: {groups})."
    if unranked:
        yield f"{unranked[0].upper()}{unranked[1:]}: the same person may be in training and test."


def statistics_sentences(scores: Scores, corpus: CorpusParams, settings: EvaluateParams) -> Iterator[str]:
    """Yield sentences on the metrics, the intervals and the tests."""
    leading, *others = (metric.name for metric in scores.metrics)
    besides = f" (also reported: {', '.join(others)})" if others else ""
    yield f"The leading metric is {leading}{besides}."
    yield (
        f"Intervals are 95 % percentile intervals of {settings.resamples} bootstrap samples of whole groups "
        f"({corpus.protocol.group}), with the seed {settings.seed}{cited((EFRON,))}."
    )
    if any(row.comparison for row in scores.rows):
        fusions = sum(row.is_fusion for row in scores.rows)
        yield (
            f"Each fusion was compared with the {scores.top} single modality on the same utterances, by the interval "
            f"of the paired difference and by a randomisation test over whole groups (at most {SWAPS} permutations); p "
            f"was corrected for {counted(fusions, 'fusion')} by Holm's method{cited((HOLM,))}."
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


def _kind(name: str) -> str:
    return strategy(name).kind


def _words(name: str) -> str:
    return "each base model on its own features" if name == "unimodal" else strategy_words(name)
