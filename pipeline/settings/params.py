"""params.yaml as typed, validated settings: read once, unknown keys refused with the nearest valid one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from common.names import suggest
from features.base import MODALITIES, Modality
from features.registry import build, extractor_class, extractor_names
from features.text.fitted import fitted_names
from models.classical.classifiers import classifier_names
from models.classical.domains import faults
from models.evaluation.metrics import metric_names
from models.registry import model_names, strategy_names
from pipeline.errors import UserError
from pipeline.settings.blocks import EARLY, SETTINGS, CorpusParams, EvaluateParams, RunParams, TrainParams
from pipeline.settings.parsing import parse
from pipeline.settings.paths import check_name, check_store
from pipeline.settings.plugins import load_plugins
from pipeline.settings.streams import AudioConfig, TextConfig, VideoConfig
from pipeline.settings.yaml_file import line_of, read_yaml

STREAMS: Mapping[Modality, type[Any]] = {"text": TextConfig, "audio": AudioConfig, "video": VideoConfig}


@dataclass(frozen=True)
class Params:
    """All settings, checked."""

    path: Path
    run: RunParams
    corpora: Mapping[str, CorpusParams]
    streams: Mapping[str, Any]
    extract: tuple[str, ...]
    features: Mapping[str, Mapping[str, Any]]
    train: TrainParams
    evaluate: EvaluateParams

    def features_of(self, name: str, modality: str) -> tuple[str, ...]:
        """Return what a modality of a corpus is made of: names of stores, and of what is fitted inside folds."""
        return self.corpus(name).features.get(modality) or self.train.features.get(modality, ())

    def corpus(self, name: str) -> CorpusParams:
        """Return a corpus's block; an unknown name raises `UserError`."""
        if name not in self.corpora:
            raise UserError(
                f"{self.path}: no corpus is named {name!r}; {suggest(name, self.corpora)}. "
                "Add one with: crossmodal add-corpus NAME --root DIR ..."
            )
        return self.corpora[name]


def load_params(path: Path) -> Params:
    """Read and check a settings file.

    Raises
    ------
    UserError
        If the file is missing or no YAML, or a key or value in it is unknown or impossible.
    """
    blocks = read_yaml(path)
    known = ("run", "corpora", "streams", "features", "train", "evaluate")
    for key in blocks:
        if key not in known:
            raise UserError(f"{path}: unknown block {key!r}; {suggest(key, known)}")
    run = parse(RunParams, blocks.get("run") or {}, f"{path}: run")
    if not 0 <= run.max_failed <= 1 or (run.workers != "auto" and run.workers < 1):
        raise UserError(f"{path}: run: max_failed is a share from 0 to 1 and workers at least 1 or 'auto'")
    for name in run.corpora:
        _usable(check_name, name, f"{path}: run.corpora")
    run = replace(run, plugins=tuple(str(Path(p).resolve()) if p.endswith(".py") else p for p in run.plugins))
    load_plugins(run.plugins)
    extract, features = _features(_mapping(blocks, "features", path), path)
    return Params(
        path=path,
        run=run,
        corpora=_corpora(_mapping(blocks, "corpora", path), path),
        streams=_streams(_mapping(blocks, "streams", path), path),
        extract=extract,
        features=features,
        train=_train(blocks.get("train") or {}, path),
        evaluate=parse(EvaluateParams, blocks.get("evaluate") or {}, f"{path}: evaluate"),
    )


def _mapping(blocks: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    block = blocks.get(name) or {}
    if not isinstance(block, dict):
        raise UserError(f"{path}: {name} must map names to settings, but is {block!r}")
    return block


def _corpora(block: dict[str, Any], path: Path) -> dict[str, CorpusParams]:
    corpora = {}
    for name, settings in block.items():
        _usable(check_name, name, f"{path}: corpora")
        corpus = parse(CorpusParams, settings, f"{path}: corpora.{name}")
        if not corpus.modalities:
            raise UserError(f"{path}: corpora.{name}.modalities is empty; name at least one of {', '.join(MODALITIES)}")
        ordered = tuple(m for m in MODALITIES if m in corpus.modalities)
        _known(corpus.features, MODALITIES, f"{path}: corpora.{name}.features")
        for modality, stores in corpus.features.items():
            for store in stores:
                _usable(check_store, store, f"{path}: corpora.{name}.features.{modality}")
        _known(corpus.classifiers, model_names(), f"{path}: corpora.{name}.classifiers")
        _known(corpus.metrics, metric_names(corpus.task), f"{path}: corpora.{name}.metrics")
        corpora[name] = replace(corpus, modalities=ordered)
    return corpora


def _usable(check: Callable[[str], None], name: str, where: str) -> None:
    """Say where a name stands that cannot be used."""
    try:
        check(name)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def _streams(block: dict[str, Any], path: Path) -> dict[str, Any]:
    for key in block:
        if key not in STREAMS:
            raise UserError(f"{path}: streams: unknown stream {key!r}; {suggest(key, STREAMS)}")
    return {name: parse(cls, block.get(name) or {}, f"{path}: streams.{name}") for name, cls in STREAMS.items()}


def _features(block: dict[str, Any], path: Path) -> tuple[tuple[str, ...], dict[str, dict[str, Any]]]:
    """Return the extractors to run, and the settings of all, each checked by its extractor."""
    settings = {name: own for name, own in block.items() if name != "extract"}
    listed = parse(_Extract, {"extract": block["extract"]} if "extract" in block else {}, f"{path}: features").extract
    for name in [*settings, *listed]:
        if name not in extractor_names():
            raise UserError(f"{path}: features: no extractor is named {name!r}; {suggest(name, extractor_names())}")
    for name, own in settings.items():
        parse(extractor_class(name).Config, own or {}, f"{path}: features.{name}")
    for name in {*settings, *listed}:
        try:
            build(name, settings.get(name) or {})
        except ValueError as error:
            raise UserError(f"{path}: {error}") from error
    return listed, {name: dict(settings.get(name) or {}) for name in extractor_names()}


@dataclass(frozen=True)
class _Extract:
    extract: tuple[str, ...] = field(default_factory=extractor_names)


def _train(block: Any, path: Path) -> TrainParams:
    """Read the train block and check every name in it."""
    train = parse(TrainParams, _without_empty(block), f"{path}: train")
    for modality, names in train.features.items():
        if modality not in MODALITIES:
            raise UserError(f"{path}: train.features: {modality!r} is no modality; {suggest(modality, MODALITIES)}")
        own = [n for n in extractor_names() if extractor_class(n).modality == modality]
        own += fitted_names() if modality == "text" else ()
        _known(names, own, f"{path}: train.features.{modality}")
    _known(train.classifiers, model_names(), f"{path}: train.classifiers")
    _known((train.fusion_classifier,), classifier_names(), f"{path}: train.fusion_classifier")
    _known(train.singles, [n for n in strategy_names("unimodal") if n != "unimodal"], f"{path}: train.singles")
    _known([f.partition("/")[0] for f in train.fusions], strategy_names("fusion"), f"{path}: train.fusions")
    for fusion in train.fusions:
        strategy, slash, model = fusion.partition("/")
        if slash:
            _known((strategy,), EARLY, f"{path}: train.fusions: {fusion}")
            _known((model,), model_names(), f"{path}: train.fusions: {fusion}")
    _known(train.settings, [*model_names(), *strategy_names()], f"{path}: train.settings")
    for name, settings in train.settings.items():
        _possible(name, settings, path)
    return replace(train, settings={**SETTINGS, **{name: _by_class(own) for name, own in train.settings.items()}})


def _without_empty(block: Any) -> Any:
    """Return the train block with no settings for what is named with nothing after the colon."""
    settings = block.get("settings") if isinstance(block, Mapping) else None
    if not isinstance(settings, Mapping):
        return block
    return {**block, "settings": {name: {} if own is None else own for name, own in settings.items()}}


def _by_class(settings: Any) -> Any:
    """Return settings in which weights of classes are by the classes' names, of which YAML may make numbers."""
    if isinstance(settings, list | tuple):
        return [_by_class(one) for one in settings]
    if not isinstance(settings, Mapping):
        return settings
    weights = settings.get("class_weight")
    choices = weights if isinstance(weights, list | tuple) else [weights]
    named = [{str(c): w for c, w in one.items()} if isinstance(one, Mapping) else one for one in choices]
    own = {} if weights is None else {"class_weight": named if choices is weights else named[0]}
    return {key: _by_class(value) for key, value in settings.items()} | own


def _possible(name: str, settings: Mapping[str, Any], path: Path) -> None:
    """Refuse a setting of a classifier or strategy that it does not have, or a value that it cannot have."""
    for place, fault in faults(name, settings):
        line = line_of(path, "train", "settings", name, *place)
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
        raise UserError(f"{path}, line {line}: train.settings.{name}{where} {fault}")


def _known(names: Iterable[str], valid: Sequence[str], where: str) -> None:
    for name in names:
        if name not in valid:
            raise UserError(f"{where}: {name!r} is unknown there; {suggest(name, valid)}")
