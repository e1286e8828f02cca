"""Check that every name in the settings is registered, and that every extractor and model accepts its settings.

Plugins must be loaded first, since they register further names.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

from common.names import suggest
from features.base import MODALITIES
from features.errors import ExtractorError
from features.registry import EXTRACTOR, build, extractor_class, extractor_names, with_defaults
from features.text.fitted import fitted_names
from models.classical.classifiers import classifier_names
from models.classical.domains import Place
from models.classical.domains import faults as impossible
from models.errors import ModelError
from models.evaluation.metrics import metric_names
from models.registry import check_fusion, model_names, strategy_names, unimodal_model_names
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, SettingsFile, TrainParams
from pipeline.settings.paths import check_name, check_store
from pipeline.settings.unions import union_faults
from pipeline.settings.validation import Fault, Listed, validated

EXTRACT = "extract"  # key of the block features: the list of extractors that run


def unusable(file: SettingsFile) -> Iterator[Fault]:
    """Yield a fault for each name that is not registered, and for each setting that an extractor or model refuses."""
    yield from _refused(check_name, file.run.corpora, ("run", "corpora"))
    yield from _refused(check_name, {name: name for name in file.corpora}, ("corpora",))
    instances = with_defaults({name: block for name, block in file.features.items() if name != EXTRACT})
    for name, corpus in file.corpora.items():
        yield from _of_corpus(corpus, instances, ("corpora", name))
    yield from union_faults(file.corpora)
    yield from _of_features(file.features, instances, ("features",))
    yield from _of_train(file.train, instances, ("train",))


def _of_corpus(corpus: CorpusParams, instances: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    yield from _unknown({m: m for m in corpus.features}, MODALITIES, (*place, "features"))
    for modality, stores in corpus.features.items():
        yield from _refused(check_store, stores, (*place, "features", modality))
        for at, store in enumerate(stores):  # a store that is not an extractor instance is an imported one
            yield from _misplaced(store, instances, modality, (*place, "features", modality, at))
    yield from _unknown(corpus.classifiers, model_names(), (*place, "classifiers"))
    yield from _unknown(corpus.metrics, metric_names(corpus.task), (*place, "metrics"))


def _of_features(block: Mapping[str, Any], instances: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    listed, faults = validated(Listed[str], block.get(EXTRACT, []))
    yield from (((*place, EXTRACT, *inside), fault) for inside, fault in faults)
    yield from _unknown(listed or (), [*instances, *extractor_names()], (*place, EXTRACT))
    for name in dict.fromkeys([*(own for own in block if own != EXTRACT), *(listed or ())]):
        if name in instances or name in extractor_names():
            yield from _of_instance(name, instances.get(name), (*place, name))


def _of_instance(name: str, settings: Any, place: Place) -> Iterator[Fault]:
    """Yield the faults in the name, the extractor or the settings of an extractor instance."""
    block = {} if settings is None else settings
    named = block.get(EXTRACTOR, name) if isinstance(block, Mapping) else name
    if named not in extractor_names():
        known = suggest(str(named), extractor_names())
        if named == name:
            yield (
                place,
                f"is unknown; {known}. To run one of them under this name, name it in this block's setting `extractor`",
            )
        else:
            yield (*place, EXTRACTOR), f"is {named!r:.200}, which is unknown; {known}"
        return
    config = extractor_class(named).Config
    own = {key: value for key, value in block.items() if key != EXTRACTOR} if isinstance(block, Mapping) else block
    faults = validated(config, own)[1] if is_dataclass(config) else []
    yield from (((*place, *inside), fault) for inside, fault in faults)
    if not faults:
        yield from _refused(lambda name: _checked(name, block), {name: name}, place[:-1])


def _checked(name: str, settings: Mapping[str, Any]) -> None:
    """Raise an error if an instance's name is not allowed for a store, or the extractor refuses its settings."""
    check_store(name)
    if name in fitted_names():
        raise UserError("this is the name of a feature that is fitted inside folds: choose another name")
    try:
        build(name, settings)
    except ExtractorError as error:
        raise UserError(str(error).removeprefix(f"features.{name}: ")) from error


def _of_train(train: TrainParams, instances: Mapping[str, Any], place: Place) -> Iterator[Fault]:
    yield from _unknown({m: m for m in train.features}, MODALITIES, (*place, "features"))
    for modality in MODALITIES:
        for at, name in enumerate(train.features.get(modality, ())):
            yield from _of_feature(name, instances, modality, (*place, "features", modality, at))
    yield from _unknown(train.classifiers, model_names(), (*place, "classifiers"))
    yield from _unknown({"fusion_classifier": train.fusion_classifier}, classifier_names(), place)
    yield from _unknown(train.unimodal_models, unimodal_model_names(), (*place, "unimodal_models"))
    yield from _refused(check_fusion, train.fusions, (*place, "fusions"))
    yield from _unknown(
        {name: name for name in train.settings}, [*model_names(), *strategy_names()], (*place, "settings")
    )
    for name, settings in train.settings.items():
        yield from (((*place, "settings", name, *inside), fault) for inside, fault in impossible(name, settings))


def _of_feature(name: str, instances: Mapping[str, Any], modality: str, place: Place) -> Iterator[Fault]:
    """Yield a fault if `name` is neither an extractor instance of the modality nor a feature fitted inside folds."""
    fitted = fitted_names() if modality == "text" else ()
    if name in instances:
        yield from _misplaced(name, instances, modality, place)
    elif name in extractor_names() and extractor_class(name).needs_settings:
        yield place, f"is {name!r}, which cannot run without settings: add a block {name} under features"
    elif name not in fitted:
        known = [*(own for own, settings in instances.items() if _modality(own, settings) == modality), *fitted]
        yield place, f"is {name!r:.200}, which is unknown; {suggest(name, known)}"


def _misplaced(name: str, instances: Mapping[str, Any], modality: str, place: Place) -> Iterator[Fault]:
    """Yield a fault if an instance is listed under a modality other than the one that it reads."""
    own = _modality(name, instances[name]) if name in instances else ""
    if own and own != modality:
        yield place, f"is {name!r:.200}, which reads {own}, not {modality}: list it under {own}"


def _modality(name: str, settings: Any) -> str:
    """Return the modality that an instance reads; empty if its extractor is unknown."""
    named = settings.get(EXTRACTOR, name) if isinstance(settings, Mapping) else name
    return extractor_class(named).modality if named in extractor_names() else ""


def _unknown(names: Iterable[str] | Mapping[Any, str], known: Sequence[str], place: Place) -> Iterator[Fault]:
    """Yield a fault for each unknown name. The names are the items of a list, or the values of a mapping."""
    for at, name in (names if isinstance(names, Mapping) else dict(enumerate(names))).items():
        if name not in known:
            yield (*place, at), f"{'' if at == name else f'is {name!r:.200}, which '}is unknown; {suggest(name, known)}"


def _refused(check: Callable[[str], object], names: Iterable[str] | Mapping[Any, str], place: Place) -> Iterator[Fault]:
    """Yield a fault for each name for which `check` raises an exception."""
    for at, name in (names if isinstance(names, Mapping) else dict(enumerate(names))).items():
        try:
            check(name)
        except (UserError, ModelError, ValueError) as error:
            yield (*place, at), f": {error}"
