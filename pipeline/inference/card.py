"""The model card: a page beside a saved model that says what it does, what it was fitted on, and its limits.

Its sections follow M. Mitchell et al., Model Cards for Model Reporting, 2019.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import StoreError
from models.configuration import Configuration
from models.errors import ModelError
from pipeline.corpora.registry import description
from pipeline.errors import UserError, counted
from pipeline.evaluation.formatting import spaced, with_interval
from pipeline.evaluation.table_files import read_scores
from pipeline.foreign import one_line
from pipeline.inference.schema import Schema, extractors_of
from pipeline.settings.params import Params
from pipeline.training.current import require_evaluated

CARD = "model-card.md"
_MOST = 12  # the largest number of classes that are listed


def model_card(params: Params, name: str, configuration: Configuration, schema: Schema, labels: NDArray[Any]) -> str:
    """Return the model card of a configuration fitted on a whole corpus, as Markdown.

    Parameters
    ----------
    params, name
        The settings and the name of the corpus.
    configuration
        The configuration that was fitted.
    schema
        The schema of the saved model.
    labels
        The labels ``(n,)`` of the training utterances.
    """
    parts = {
        "What it does": _what(params, configuration, schema),
        "What it was fitted on": _data(params, name, schema, labels),
        "How well this configuration does": _measured(params, name, configuration),
        "Features and licences": _features(params, schema),
        "Settings": _settings(schema),
        "Limits": _limits(schema),
    }
    text = "\n\n".join(f"## {title}\n\n" + "\n".join(lines) for title, lines in parts.items())
    return f"# Model card: {_plain(configuration.display)}, fitted on {_plain(name)}\n\n{text}\n"


def _what(params: Params, configuration: Configuration, schema: Schema) -> Iterator[str]:
    kind = "a class" if schema["task"] == "classification" else "a score"
    read = spaced("+".join(schema["modalities"])) or "nothing but the training labels"
    model = f" with {_code(configuration.model)}" if configuration.model else ""
    yield f"It predicts {kind} of {_code(schema['label'])} for an utterance, from {read}, by the strategy"
    yield f"{_code(schema['strategy'])}{model}. It has {counted(schema['parameters'], 'parameter')}.\n"
    yield f"Use it with `crossmodal predict CLIP --model FOLDER --params {params.path.name}`, or in Python with"
    yield "`crossmodal.predict(clip, folder)`."


def _data(params: Params, name: str, schema: Schema, labels: NDArray[Any]) -> Iterator[str]:
    corpus, groups = params.corpus(name), schema["groups"]
    yield f"{counted(schema['utterances'], 'utterance')} of the corpus {_code(name)}, from"
    yield f"{counted(groups['count'], 'group')} by {_code(groups['by'])}: {_labels(labels)}."
    if corpus.note:
        yield f"\n{_plain(corpus.note)}"
    if (published := description(corpus.reader)) is not None:
        yield f"\nCite: {_plain(published.citation)}\n\nLicence of the corpus: {_plain(published.licence)}"


def _labels(labels: NDArray[Any]) -> str:
    if labels.dtype.kind == "f":
        return f"scores from {labels.min():g} to {labels.max():g}, mean {labels.mean():.3g}"
    counts = Counter(map(str, np.asarray(labels).tolist())).most_common()
    more = f" and {len(counts) - _MOST} more" if len(counts) > _MOST else ""
    return ", ".join(f"{count} {_plain(label)}" for label, count in counts[:_MOST]) + more


def _measured(params: Params, name: str, configuration: Configuration) -> Iterator[str]:
    """Yield lines about how well `configuration` did on held-out groups, from the corpus's table of results."""
    corpus = params.corpus(name)
    try:
        require_evaluated(params, name)
        scores = read_scores(name, corpus)
    except (UserError, ModelError, StoreError) as error:
        yield f"Not known: {_plain(error)}."
        return
    shown = configuration.as_shown(corpus.task)
    found = next((row for row in scores.rows if row.configuration == shown), None)
    if found is None:
        yield "Not known: the table of the corpus has no such row."
        return
    yield "This model has seen all labels, so it cannot be tested on them. The same configuration, fitted and tested on"
    yield f"different groups (protocol {_code(corpus.protocol.kind)}), reached, with 95 % intervals over groups:\n"
    yield "| metric | value |\n|---|---|"
    for metric in scores.metrics:
        yield f"| {metric.name}{' (%)' if metric.share else ''} | {with_interval(metric, found.values[metric.name])} |"
    if scores.unranked:
        yield f"\n{_plain(scores.unranked)}"


def _features(params: Params, schema: Schema) -> Iterator[str]:
    yield "| modality | extractor | version | licence of its weights or library |\n|---|---|---|---|"
    extracted = extractors_of(schema)
    for modality, entries in schema["features"].items():
        for entry in entries:
            name, version, licence = entry["name"], entry["kind"], ""
            if name in extracted:
                version, licence = entry["fingerprint"]["version"], params.extractor(name).licence
            yield f"| {modality} | {_code(name)} | {version} | {_plain(licence)} |"


def _settings(schema: Schema) -> Iterator[str]:
    train = schema["train"]
    chosen = {f"train.{key}": train[key] for key in ("normalise", "budget")}
    for part in (schema["strategy"], schema["classifier"]):
        if part in train["settings"]:
            chosen[f"train.settings.{part}"] = train["settings"][part]
    yield from (f"- {_code(key)}: {_code(json.dumps(value, default=str))}" for key, value in chosen.items())
    yield "- Everything else, with the versions of libraries and the checksums of weights: `model.json`."


def _limits(schema: Schema) -> Iterator[str]:
    yield "- Labels are other people's judgements of acted or filmed speech. The model estimates such a judgement, not"
    yield "  what a person feels."
    yield "- It knows the people, the language, the microphones and the cameras of its corpus. For others the figures"
    yield "  above may not hold."
    yield "- It must not decide about people: not in hiring, teaching, policing, insurance or medicine."
    if schema["modalities"]:
        yield "- If a modality is missing, it predicts from the others; if all are missing, it predicts the prior."
    yield "- It contains statistics of people's voices, faces and words. Whoever shares the model shares these, too."


def _code(text: object) -> str:
    """Return any text as a Markdown code span."""
    return f"`{one_line(text, None).replace('`', chr(39))}`"


def _plain(text: object) -> str:
    """Return any text as one line in which ``<``, ``>`` and Markdown's special characters are escaped."""
    line = one_line(text, None)
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in line)
