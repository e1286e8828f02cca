"""Notices of training: failed configurations, warnings, features that contain labels, edges of search spaces."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.classical.domains import domain, has_order
from models.configuration import Configuration
from models.data.modalities import Modalities
from models.registry import strategy
from models.validation.folds import hold_out_groups
from models.validation.probes import contains_labels
from models.validation.protocol import CORPUS, PROTOCOLS, Fold
from pipeline.settings.blocks import CorpusParams
from pipeline.training.fitting import inner_metric
from pipeline.training.jobs import Failed, Fit
from pipeline.training.labels import classes_of

NAMED = 3  # the largest number of configurations that a sentence names
_AT_AN_END = 2  # the same number for a sentence about an end of a search space

Tried = tuple[float, ...]  # the values that were tried; the chosen one is last


def failed_notices(failed: Sequence[Failed]) -> Iterator[str]:
    """Yield a sentence about each configuration that failed."""
    for configuration in dict.fromkeys(one.configuration for one in failed):
        mine = [one for one in failed if one.configuration == configuration]
        folds = ", ".join(one.fold for one in mine)
        yield f"{configuration} failed and is left out of the table: on {folds}, {mine[0].reason}"


def warned_notices(fits: Sequence[Fit]) -> Iterator[str]:
    """Yield a sentence about each library warning: which configurations gave it, and in how many of their fits."""
    for warning in dict.fromkeys(sentence for fit in fits for sentence in fit.warned):
        mine = [fit for fit in fits if warning in fit.warned]
        configurations = list(dict.fromkeys(fit.configuration for fit in mine))
        more = len(configurations) - NAMED
        named = ", ".join(map(str, configurations[:NAMED])) + (f" and {more} more" if more > 0 else "")
        total = sum(fit.configuration in configurations for fit in fits)
        yield f"{named}: {len(mine)} of {total} fits {warning}"


def label_notices(
    fits: Sequence[Fit], folds: Sequence[Fold], labels: NDArray[Any], corpus: CorpusParams, data: Modalities
) -> Iterator[str]:
    """Yield a sentence about each modality whose features seem to contain the labels of the training part.

    Such features predict held-out rows of inner folds well, and test rows at chance. The comparison is fair only if
    inner folds hold out whole groups; otherwise their validation rows are predicted better just because the same groups
    were trained on. It is also unfair if a fold tests a different corpus than it trains on, since that is always
    harder. Folds with an unfair comparison are left out.
    """
    if CORPUS in (PROTOCOLS[corpus.protocol.kind].column, corpus.protocol.group):
        return
    classes = classes_of(labels) if corpus.task == "classification" else None
    telling = {fold.name for fold in folds if hold_out_groups(fold.inner, data.groups[fold.train])}
    for modality in corpus.modalities:
        own = [f for f in fits if f.configuration.strategy == "unimodal" and f.configuration.modalities == (modality,)]
        mine = [f for f in own if f.fold in telling]
        for configuration in dict.fromkeys(f.configuration for f in mine):
            parts = [f for f in mine if f.configuration == configuration]
            test = np.concatenate([f.test for f in parts])
            predicted = np.concatenate([f.predictions for f in parts])
            predicted = predicted if classes is None else classes[predicted]
            inner = float(np.mean([f.inner for f in parts]))
            sentence = contains_labels(
                modality,
                configuration.model,
                inner,
                labels[test],
                predicted,
                data.groups[test],
                metric=inner_metric(corpus),
            )
            if sentence:
                yield sentence
                break


def end_notices(fits: Sequence[Fit]) -> Iterator[str]:
    """Yield a sentence about each setting whose best value in every fold was the same end of its search space."""
    found: dict[tuple[str, str, Tried, int], list[Configuration]] = {}
    for configuration in dict.fromkeys(fit.configuration for fit in fits):
        ends = [json.loads(fit.ends) for fit in fits if fit.configuration == configuration]
        for setting, end in ends[0].items():
            if all(fold.get(setting) == end for fold in ends) and has_order(_owner(configuration), setting):
                key = _owner(configuration), setting, tuple(end["tried"]), end["combinations"]
                found.setdefault(key, []).append(configuration)
    for (owner, setting, tried, combinations), configurations in found.items():
        yield _sentence(owner, setting, tried, configurations) + _advice(owner, setting, tried, combinations)


def _owner(configuration: Configuration) -> str:
    """Return the key under `train.settings` that holds the settings of a configuration."""
    entry = strategy(configuration.strategy)
    return configuration.model if entry.classifier and not entry.shares_bases else configuration.registered_strategy


def _sentence(owner: str, setting: str, tried: Tried, configurations: Sequence[Configuration]) -> str:
    end = "largest" if tried[-1] > tried[0] else "smallest"
    named = ", ".join(map(str, configurations[:_AT_AN_END]))
    left = len(configurations) - _AT_AN_END
    others = f" and {left} more row{'s' if left > 1 else ''}" if left > 0 else ""
    return (
        f"{owner}: {setting} = {_written(tried[-1])}, the {end} of {_listed(tried)}, was the best in every fold for"
        f" {named}{others}"
    )


def _advice(owner: str, setting: str, tried: Tried, combinations: int) -> str:
    """Return the end of a sentence that says how to try one more value, beyond the last of the `tried` values.

    Return ``""`` if no further value is known to be allowed.
    """
    allowed = domain(owner, setting)
    further = allowed.next(tried) if allowed is not None else None
    if further is None:
        return ""
    beyond, grid = "larger" if further > tried[-1] else "smaller", f"{setting}: [{_listed((*tried, further))}]"
    written = f"{owner}: {{settings: {{{grid}}}}}" if owner == "stacking" else f"{owner}: {{{grid}}}"
    return (
        f": a {beyond} value was not tried and may be better; to try it, write {written} under train.settings and set"
        f" train.budget to {(len(tried) + 1) * combinations} or more"
    )


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(map(_written, sorted(numbers)))


def _written(number: float) -> str:
    """Return a number in a form that YAML reads as a number: ``1.0e-05``, since ``1e-05`` would be text."""
    mantissa, e, exponent = repr(number).removesuffix(".0").partition("e")
    return f"{mantissa}{'.0' if e and '.' not in mantissa else ''}{e}{exponent}"
