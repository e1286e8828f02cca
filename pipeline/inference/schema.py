"""The schema of a saved model: what the model was fitted on, and how the current settings differ."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Annotated, Any, Literal

from pydantic import Strict

from common.names import suggest
from features.base import Modality
from features.store import is_imported, open_store
from features.text import fitted
from models.configuration import split_bases
from models.registry import model_names, strategy, strategy_names
from pipeline.errors import UserError
from pipeline.foreign import one_line
from pipeline.run.keys.utterance import extractor_program, stream_program
from pipeline.settings.blocks import Task, TrainParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.validation import Listed, parse
from pipeline.training.inputs import SPECTROGRAM

Schema = Mapping[str, Any]

_MOST = 2**53  # the largest valid count of utterances, groups or parameters


@dataclass(frozen=True)
class _Groups:
    by: str
    count: int


@dataclass(frozen=True)
class _Made:
    """Everything that an extractor's features depend on, apart from the stream."""

    name: str
    version: int
    config: Mapping[str, Any]
    weights: Mapping[str, str]
    libraries: Mapping[str, str]


@dataclass(frozen=True)
class _Feature:
    name: str
    kind: Literal["fitted", "imported", "extracted"]
    columns: Listed[str] = ()
    fingerprint: _Made | None = None

    def __post_init__(self) -> None:
        if self.kind == "fitted" and self.name not in fitted.fitted_names():
            known = suggest(self.name, fitted.fitted_names())
            raise ValueError(f"{self.name!r:.80} is not a known transformer; {known}")
        if self.kind == "extracted" and self.fingerprint is None:
            raise ValueError(f"{self.name!r:.80} lacks its fingerprint")


@dataclass(frozen=True)
class _Stream:
    version: int
    config: Mapping[str, Any]
    libraries: Mapping[str, str]


@dataclass(frozen=True)
class _Range:
    """The lower and upper bound of each feature of a modality in training."""

    low: Annotated[tuple[float, ...], Strict(False)]
    high: Annotated[tuple[float, ...], Strict(False)]


@dataclass(frozen=True)
class _Described:
    """The schema of a saved model, with the type of each value."""

    corpus: str
    task: Task
    label: str
    strategy: str
    modalities: Listed[Modality]
    classifier: str
    utterances: int
    groups: _Groups
    train: Mapping[str, Any]
    parameters: int
    features: Mapping[str, Listed[_Feature]]
    frames: _Feature | None
    streams: Mapping[str, _Stream]
    timed_words: int = 0  # number of utterances with timed words; absent in models of earlier versions
    note: str = ""  # the note of the corpus; absent in models of earlier versions
    ranges: Mapping[str, _Range] = field(default_factory=dict)  # absent in models of earlier versions

    def __post_init__(self) -> None:
        if split_bases(self.strategy)[0] not in strategy_names():
            raise ValueError(f"no strategy is named {self.strategy!r:.80}; {suggest(self.strategy, strategy_names())}")
        strategy(self.strategy)  # raises if its bases are unknown
        if self.classifier and self.classifier not in model_names():
            raise ValueError(f"no model is named {self.classifier!r:.80}; {suggest(self.classifier, model_names())}")
        counts = (self.utterances, self.groups.count, self.parameters, self.timed_words)
        if not all(0 <= count <= _MOST for count in counts):
            raise ValueError(f"a count is not between 0 and {_MOST}")
        if not set(self.ranges) <= set(self.modalities):
            raise ValueError(f"ranges do not belong to the modalities {', '.join(self.modalities)}")
        if set(self.features) != set(self.modalities) or not set(self.streams) <= set(self.modalities):
            raise ValueError(f"features and streams do not belong to the modalities {', '.join(self.modalities)}")


def checked(schema: Schema, where: str) -> Schema:
    """Check a schema that was read from `where`, and return it; a missing or invalid value raises `UserError`."""
    parse(_Described, schema, where)
    return schema


def inputs_of(params: Params, name: str, features: Mapping[Modality, Sequence[str]], frames: bool) -> dict[str, Any]:
    """Return the entries of a schema that say how features are computed: extractors, transformers, streams.

    The entries of extractors and streams hold all settings and versions that the features depend on.

    Parameters
    ----------
    params
        All settings.
    name
        Name of the corpus whose stores are read.
    features
        Modality -> names of its stores, and of the transformers that are fitted on transcripts.
    frames
        Whether the model also reads the frames of the spectrogram.
    """
    found = {m: [_feature(params, name, store) for store in stores] for m, stores in features.items()}
    streams = {m: _stream(params, m) for m in features if any(e["kind"] == "extracted" for e in found[m])}
    spectrogram = _feature(params, name, SPECTROGRAM) if frames else None
    return {"features": found, "frames": spectrogram, "streams": streams}


def plain(value: Any) -> Any:
    """Return a value as it would be after being written as JSON and read back."""
    return json.loads(json.dumps(value, default=list))


def _feature(params: Params, name: str, store: str) -> dict[str, Any]:
    if store in fitted.fitted_names():
        return {"name": store, "kind": "fitted"}
    path = CorpusPaths(name).features(store)
    with open_store(path) as opened:
        columns = opened.attribute("pooled_names")
    if is_imported(path):
        return {"name": store, "kind": "imported", "columns": columns}
    made = extractor_program(params.extractor(store))
    return {"name": store, "kind": "extracted", "columns": columns, "fingerprint": made}


def _stream(params: Params, modality: Modality) -> dict[str, Any]:
    program = stream_program(modality, params.streams[modality])
    return {part: program[part] for part in ("version", "config", "libraries")}


def trained_settings(schema: Schema, where: str) -> TrainParams:
    """Return the settings that a model was trained with, including the names of its features."""
    features = {m: [entry["name"] for entry in entries] for m, entries in schema["features"].items()}
    return parse(TrainParams, {**schema["train"], "features": features}, where)


def extractors_of(schema: Schema) -> dict[str, Schema]:
    """Return the schema's entries for the extractors that a model needs, keyed by the extractor's name."""
    listed = [*(e for entries in schema["features"].values() for e in entries), schema["frames"]]
    return {entry["name"]: entry for entry in listed if entry and entry["kind"] == "extracted"}


def require_same(params: Params, schema: Schema, model: str) -> list[str]:
    """Check that clips would be processed like the training clips; return sentences about tolerated differences.

    Raises
    ------
    UserError
        If features were imported, or if a setting, a version or weights differ; the message names each difference.
    """
    imported = [e["name"] for entries in schema["features"].values() for e in entries if e["kind"] == "imported"]
    if imported:
        raise UserError(
            f"{model} reads the imported features {', '.join(imported)}, which cannot be computed for a new clip:"
            " fit a model on extracted features"
        )
    found = [(one_line(line, None), fatal) for line, fatal in _differences(params, schema)]
    if refused := [line for line, fatal in found if fatal]:
        raise UserError(
            "\n".join([f"{model} cannot be used with {params.path}:", *refused])
            + "\nset the values that the model was trained with, name its settings file with --params, or refit it"
        )
    return [line for line, _ in found]


def _differences(params: Params, schema: Schema) -> Iterator[tuple[str, bool]]:
    """Yield a sentence about each difference between training and now, and whether clips must be refused for it."""
    for modality, was in schema["streams"].items():
        yield from _compared(f"streams.{modality}", was, plain(_stream(params, modality)), params)
    for name, entry in extractors_of(schema).items():
        if name not in params.features:
            yield f"features.{name}: {params.path} has no such extractor: add its settings, or its plugin", True
            continue
        extractor, was = params.extractor(name), entry["fingerprint"]
        if (then := was.get("name")) != extractor.name:
            yield f"features.{name}: the model was trained with {then}, but the settings name {extractor.name}", True
            continue
        was = was | {
            "config": plain(_defaults(extractor.Config)) | was["config"]
        }  # the model may be older than some settings
        yield from _compared(f"features.{name}", was, plain(extractor_program(extractor)), params)


def _defaults(cls: type[Any]) -> dict[str, Any]:
    return {entry.name: entry.default for entry in fields(cls) if entry.default is not MISSING}


def _compared(where: str, was: Schema, now: Schema, params: Params) -> Iterator[tuple[str, bool]]:
    for key in sorted({*was["config"], *now["config"]}):
        then, here = was["config"].get(key), now["config"].get(key)
        if then != here:
            past = f"with {_shown(then)}" if key in was["config"] else "without it"
            yield f"{where}.{key}: the model was trained {past}, {params.path} says {_shown(here)}", True
    if was["version"] != now["version"]:
        yield f"{where}: the model was trained with version {was['version']}, but {now['version']} is installed", True
    if was.get("weights") != now.get("weights"):
        yield f"{where}: the model was trained with different weights files", True
    for library, then in was["libraries"].items():
        here = now["libraries"].get(library)
        if then != here:
            yield f"{where}: the model was trained with {library} {then}, not {here}: numbers may differ", False


def _shown(value: Any) -> str:
    return f"{value if isinstance(value, str) else json.dumps(value):.200}"
