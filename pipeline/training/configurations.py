"""Which configurations a corpus's table has."""

from collections.abc import Sequence
from itertools import combinations

from common.names import suggest
from models.configuration import Configuration, split_fusion
from models.registry import strategy, strategy_names
from pipeline.errors import UserError
from pipeline.settings.blocks import TrainParams

WITHIN = "product"  # the fusion that also joins the extractors of one modality


def plan_configurations(
    settings: TrainParams, modalities: Sequence[str], *, spectrogram: bool = True
) -> list[Configuration]:
    """Return baselines, each modality with each classifier, and each set of two or more modalities with each fusion.

    A modality that several extractors describe is also fitted with `product`, which then joins one model per extractor.

    Parameters
    ----------
    settings
        What is to be fitted.
    modalities
        Those that at least one utterance has.
    spectrogram
        Whether there are frames for `spectrogram_cnn` to read.

    Raises
    ------
    UserError
        If a fusion is unknown.

    Examples
    --------
    >>> settings = TrainParams(classifiers=("svm",), fusions=("vote", "pca/fcnn"), singles=())
    >>> [str(row) for row in plan_configurations(settings, ("text", "audio"))][3:]
    ['unimodal audio svm', 'vote text+audio logistic', 'pca text+audio fcnn']
    """
    found = [Configuration("majority")]
    if "text" in modalities:
        found.append(Configuration("tfidf", ("text",), "logistic"))
    found += [Configuration("unimodal", (m,), classifier) for m in modalities for classifier in settings.classifiers]
    found += [Configuration(single, ("audio",)) for single in settings.singles if "audio" in modalities and spectrogram]
    several = [m for m in modalities if len(settings.features.get(m, ())) > 1]
    if WITHIN in settings.fusions:
        found += [Configuration(WITHIN, (m,), settings.fusion_classifier) for m in several]
    for size in range(2, len(modalities) + 1):
        for some in combinations(modalities, size):
            found += [_fusion(fusion, some, settings.fusion_classifier) for fusion in settings.fusions]
    return list(dict.fromkeys(found))


def _fusion(entry: str, modalities: tuple[str, ...], default: str) -> Configuration:
    name, model = split_fusion(entry)
    known = strategy_names("fusion")
    if name not in known:
        raise UserError(f"train.fusions: no strategy is named {name!r}; {suggest(name, known)}")
    return Configuration(name, modalities, (model or default) if strategy(name).classifier else "")
