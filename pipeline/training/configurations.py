"""Which configurations a corpus's table has."""

from collections.abc import Collection, Sequence
from itertools import combinations

from models.configuration import Configuration, split_fusion
from models.registry import configure, strategy, strategy_names
from pipeline.settings.blocks import TrainParams


def plan_configurations(
    settings: TrainParams, modalities: Sequence[str], *, missing: Collection[str] = ()
) -> list[Configuration]:
    """Return baselines, each modality with each classifier, and each set of two or more modalities with each fusion.

    A fusion that can join the extractors of one modality (`product`) is also fitted on each modality with several.

    Parameters
    ----------
    settings
        What is to be fitted.
    modalities
        The modalities that at least one utterance has.
    missing
        Stores that do not exist: unimodal models that read one of them are left out.

    Examples
    --------
    >>> settings = TrainParams(classifiers=("svm",), fusions=("vote", "pca/fcnn"), unimodal_models=())
    >>> [str(one) for one in plan_configurations(settings, ("text", "audio"))][3:]
    ['unimodal audio svm', 'vote text+audio logistic', 'pca text+audio fcnn']
    """
    found = [configure(name) for name in strategy_names("baseline") if strategy(name).modality in ("", *modalities)]
    found += [configure("unimodal", (m,), classifier) for m in modalities for classifier in settings.classifiers]
    for name in settings.unimodal_models:
        if not strategy(name).store or strategy(name).store not in missing:
            found += [configure(name, (m,)) for m in modalities if strategy(name).modality in ("", m)]
    several = [m for m in modalities if len(settings.features.get(m, ())) > 1]
    for entry in settings.fusions:
        if strategy(split_fusion(entry)[0]).within_modality:
            found += [configure(split_fusion(entry)[0], (m,), settings.fusion_classifier) for m in several]
    for size in range(2, len(modalities) + 1):
        for some in combinations(modalities, size):
            for entry in settings.fusions:
                name, model = split_fusion(entry)
                found.append(configure(name, some, model or settings.fusion_classifier))
    return list(dict.fromkeys(found))
