"""Plan the configurations that a corpus's table contains."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import combinations

from models.configuration import Configuration, split_bases, split_fusion
from models.registry import configure, strategy, strategy_names
from pipeline.settings.blocks import TrainParams

PAPER = ("logistic", "xgboost")  # classifiers of unimodal models in the paper's table


def plan_configurations(
    settings: TrainParams, modalities: Sequence[str], *, missing: Collection[str] = ()
) -> list[Configuration]:
    """Return the baselines, every unimodal model, and every fusion of each set of two or more modalities.

    `product` and late fusions over extractors (``vote@extractor``) are also fitted on each single modality that has
    several extractors. In the paper's table (``train.table: paper``), `product` is not fitted on single modalities, and
    fusions over extractors are fitted only if the corpus has a single modality. If none of the fused modalities has
    several extractors, a fusion over extractors equals the fusion over modalities, and takes the latter's name.

    Parameters
    ----------
    settings
        The settings of training, which name classifiers and fusions.
    modalities
        The modalities that at least one utterance has.
    missing
        Stores that do not exist; unimodal models that read one of them are left out.

    Examples
    --------
    >>> settings = TrainParams(classifiers=("svm",), fusions=("vote", "pca/fcnn"), unimodal_models=())
    >>> [str(one) for one in plan_configurations(settings, ("text", "audio"))][3:]
    ['unimodal audio svm', 'vote text+audio logistic', 'pca text+audio fcnn']
    """
    paper = settings.table == "paper"
    settings = _thinned(settings, alone=len(modalities) == 1) if paper else settings
    found = [configure(name) for name in strategy_names("baseline") if strategy(name).modality in ("", *modalities)]
    found += [configure("unimodal", (m,), classifier) for m in modalities for classifier in settings.classifiers]
    for name in settings.unimodal_models:
        if not strategy(name).store or strategy(name).store not in missing:
            found += [configure(name, (m,)) for m in modalities if strategy(name).modality in ("", m)]
    several = [m for m in modalities if len(settings.features.get(m, ())) > 1]
    fusions = [split_fusion(entry) for entry in settings.fusions]
    for name, _ in fusions:
        if (strategy(name).within_modality and not paper) or split_bases(name)[1]:
            found += [configure(name, (m,), settings.fusion_classifier) for m in several]
    for some in _sets(modalities, paper=paper):
        for name, model in fusions:
            named = name if any(m in several for m in some) else split_bases(name)[0]
            found.append(configure(named, some, model or settings.fusion_classifier))
    return list(dict.fromkeys(found))


def _sets(modalities: Sequence[str], *, paper: bool) -> list[tuple[str, ...]]:
    """Return the sets of two or more modalities to fuse; in the paper's table, the first two and all modalities.

    >>> _sets(("text", "audio", "video"), paper=True), _sets(("audio", "video"), paper=True)
    ([('text', 'audio'), ('text', 'audio', 'video')], [('audio', 'video')])
    """
    if paper:
        return [tuple(modalities[:size]) for size in range(2, len(modalities) + 1)]
    return [some for size in range(2, len(modalities) + 1) for some in combinations(modalities, size)]


def _thinned(settings: TrainParams, *, alone: bool) -> TrainParams:
    """Return settings reduced to the paper's table: two classifiers, and each fusion with one model.

    Fusions over extractors are kept only if there is a single modality (`alone`).
    """
    usual = tuple(name for name in PAPER if name in settings.classifiers)
    named: dict[str, list[str]] = {}
    for strategy_name, model in map(split_fusion, settings.fusions):
        if alone or not split_bases(strategy_name)[1]:
            named.setdefault(strategy_name, []).append(model)
    default = settings.fusion_classifier
    once = {name: default if default in models else models[0] for name, models in named.items()}
    return replace(
        settings,
        classifiers=usual if len(usual) == len(PAPER) else settings.classifiers[: len(PAPER)],
        fusions=tuple(f"{name}/{model}" if model else name for name, model in once.items()),
    )
