"""Which configurations a corpus's table has."""

from collections.abc import Collection, Sequence
from itertools import combinations

from models.configuration import Configuration, split_bases, split_fusion
from models.registry import configure, strategy, strategy_names
from pipeline.settings.blocks import TrainParams


def plan_configurations(
    settings: TrainParams, modalities: Sequence[str], *, missing: Collection[str] = ()
) -> list[Configuration]:
    """Return baselines, each modality with each classifier, and each set of two or more modalities with each fusion.

    `product`, and each late fusion over extractors (``vote@extractor``), is also fitted on each modality that has
    several extractors. Where no modality has several, a fusion over extractors is the same as the one over modalities,
    and has its name.

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
    fusions = [split_fusion(entry) for entry in settings.fusions]
    for name, _ in fusions:
        if strategy(name).within_modality or split_bases(name)[1]:
            found += [configure(name, (m,), settings.fusion_classifier) for m in several]
    for size in range(2, len(modalities) + 1):
        for some in combinations(modalities, size):
            for name, model in fusions:
                named = name if any(m in several for m in some) else split_bases(name)[0]
                found.append(configure(named, some, model or settings.fusion_classifier))
    return list(dict.fromkeys(found))
