"""Read params.yaml into typed settings, which are validated and checked against the registries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from common.names import suggest
from features.base import MODALITIES, Extractor, Modality
from features.registry import build, class_of, default_extractors, extractor_names, with_defaults
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, EvaluateParams, ReportParams, RunParams, SettingsFile, TrainParams
from pipeline.settings.plugins import load_plugins
from pipeline.settings.registered import EXTRACT, unusable
from pipeline.settings.renamed import notices, with_present_names
from pipeline.settings.selected import corpus_of, is_selection, selected
from pipeline.settings.streams import WordsConfig
from pipeline.settings.unions import filled_in, with_parts
from pipeline.settings.validation import Fault, sentence, validated
from pipeline.settings.yaml_file import line_of, read_yaml

_MOST = 40  # maximum number of lines in a message


@dataclass(frozen=True)
class Params:
    """All settings, checked.

    Attributes
    ----------
    path
        The file from which the settings were read.
    run, corpora, train, evaluate, report
        The blocks of the file with these names.
    streams
        Settings of each modality's stream.
    words
        Settings of `streams.text` for recognising and aligning words; a corpus may override `transcribe` and `align`.
    extract
        Names of the extractor instances that run.
    features
        The settings given for each extractor instance, keyed by its name.
    notices
        Sentences about settings that have a former name in the file, or that are not used.
    """

    path: Path
    run: RunParams
    corpora: Mapping[str, CorpusParams]
    streams: Mapping[str, Any]
    extract: tuple[str, ...]
    features: Mapping[str, Mapping[str, Any]]
    train: TrainParams
    evaluate: EvaluateParams
    report: ReportParams = field(default_factory=ReportParams)
    words: WordsConfig = field(default_factory=WordsConfig)
    notices: tuple[str, ...] = ()

    def features_of(self, name: str, modality: str) -> tuple[str, ...]:
        """Return the names of a corpus's features for one modality: stores, and transformers fitted inside folds."""
        return self.corpus(name).features.get(modality) or self.train.features.get(modality, ())

    def extractor(self, name: str) -> Extractor[Any]:
        """Construct an instance of an extractor; an unknown name raises `UserError`."""
        return build(name, self._settings(name))

    def modality(self, name: str) -> Modality:
        """Return the modality that an instance of an extractor reads; an unknown name raises `UserError`."""
        return class_of(name, self._settings(name)).modality

    def _settings(self, name: str) -> Mapping[str, Any]:
        if name not in self.features:
            if name in extractor_names():
                raise UserError(
                    f"{self.path}: {name} cannot run without settings: add a block features.{name}, which "
                    "docs/settings.md describes"
                )
            raise UserError(f"{self.path}: no extractor is named {name!r}; {suggest(name, self.features)}")
        return self.features[name]

    def corpus(self, name: str) -> CorpusParams:
        """Return the block of a corpus, or of a selection from one; an unknown name raises `UserError`."""
        if is_selection(name) and name not in self.corpora:
            return selected(self.corpus(corpus_of(name)), name)
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
        If the file is missing or not YAML, if a plugin cannot be imported, or if names are unknown or values invalid.
        The message has a line for each such name and value, up to `_MOST`.
    """
    blocks, former = with_present_names(read_yaml(path))
    run, _ = validated(RunParams, blocks.get("run") or {})
    plugins = run.plugins if run is not None else ()
    load_plugins(plugins := tuple(str(Path(p).resolve()) if p.endswith(".py") else p for p in plugins))
    file, faults = validated(SettingsFile, filled_in(blocks))
    if file is None or (faults := list(unusable(file))):
        raise UserError(_listing(path, faults))
    settings = {name: own for name, own in file.features.items() if name != EXTRACT}
    words = file.streams.text.words
    return Params(
        path=path,
        run=replace(file.run, plugins=plugins),
        corpora=with_parts({name: _complete(corpus, words) for name, corpus in file.corpora.items()}),
        streams={**vars(file.streams), "text": file.streams.text.cleaning},
        extract=tuple(file.features.get(EXTRACT, default_extractors())),
        features=with_defaults(settings),
        train=file.train,
        evaluate=file.evaluate,
        report=file.report,
        words=words,
        notices=(
            *notices(path, ((line_of(path, *place), place, present) for place, present in former)),
            *_unused(path, file),
        ),
    )


def _unused(path: Path, file: SettingsFile) -> Iterator[str]:
    """Yield a sentence about each block in `features` that has the name of an extractor but is not used.

    A block is not used if nothing of that name runs. In older settings files, ``features.opensmile`` changed a default
    feature, which is now called ``egemaps``.
    """
    lists = (file.train.features, *(corpus.features for corpus in file.corpora.values()))
    used = {name for features in lists for names in features.values() for name in names}
    used |= {*file.features.get(EXTRACT, ()), *default_extractors()}
    for name, block in file.features.items():
        if block and name in extractor_names() and name not in used:
            yield (
                f"{path}, line {line_of(path, 'features', name)}: features.{name} is not used, since {name} is in "
                "neither features.extract nor train.features: list it in both, or move its settings to the block of "
                "an instance that is listed (see `crossmodal features list`)"
            )


def _complete(corpus: CorpusParams, words: WordsConfig) -> CorpusParams:
    """Put the modalities into their fixed order; take `transcribe` and `align` from `words` if the corpus has none."""
    return replace(
        corpus,
        modalities=tuple(m for m in MODALITIES if m in corpus.modalities),
        transcribe=corpus.transcribe or words.transcribe,
        align=corpus.align or words.align,
    )


def _listing(path: Path, faults: Sequence[Fault]) -> str:
    """Return one line for each of the first `_MOST` faults in the file, and one line that counts the others."""
    lines = [(line_of(path, *place), sentence(place, fault)) for place, fault in faults]
    lines.sort(key=lambda line: line[0])
    shown = [f"{path}, line {line}: {text}" for line, text in lines[:_MOST]]
    return "\n".join([*shown, *([f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else [])])
