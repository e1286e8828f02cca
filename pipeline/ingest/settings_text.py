"""params.yaml of a new project: short, with defaults that suit its recordings, to be edited by hand."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from features.base import MODALITIES
from features.registry import class_of, default_extractors, with_defaults
from pipeline.ingest.folder.guesses import Guess

_HEAD = """\
# The settings of this project. Settings that are not listed have defaults; docs/settings.md of crossmodal describes all
# settings, and `crossmodal settings` checks this file. After a change, `dvc repro` runs what depends on it.
"""
_SMALL = 60  # with fewer utterances, only a few configurations are fitted by default
_TRAIN = """
train:
  table: paper           # each strategy once, for text + audio and for all modalities; full: all pairs and classifiers
"""
_SMALL_TRAIN = """
train:                   # few configurations, since there are few utterances; without these lists, all are fitted
  classifiers: [logistic, linear_svm]
  unimodal_models: []
  fusions: [concat/logistic, weighted, product, stacking]
"""
_EVALUATE = """
evaluate: {resamples: 1000, seed: 0}   # bootstrap samples of groups for the confidence intervals
"""


def needed_blocks(block: Mapping[str, Any], extract: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the blocks that the stages in dvc.yaml depend on; DVC needs them in the settings file, even if empty.

    Parameters
    ----------
    block
        The settings of a corpus.
    extract
        The extractors that the settings file lists; if empty, those that run by default.
    """
    listed = list(extract) or _extractors(block)
    return {
        "streams": {name: {} for name in MODALITIES},
        "features": {"extract": listed, **{name: {} for name in listed}},
        "train": {"budget": 3},
        "evaluate": {"resamples": 1000, "seed": 0},
    }


def settings_text(name: str, guessed: Guess, utterances: int) -> str:
    """Return the text of params.yaml for a project with one corpus.

    Parameters
    ----------
    name
        The corpus.
    guessed
        The settings of the corpus and of its words.
    utterances
        The number of its utterances.
    """
    corpus = "\n".join(f"    {key}: {_value(value)}" for key, value in guessed.block.items())
    extract = _extractors(guessed.block)
    blocks = "".join(f"  {_value(own)}: {{}}\n" for own in extract)
    return (
        f"{_HEAD}\nrun:\n  corpora: [{_value(name)}]      # what `dvc repro` runs\n"
        "  workers: auto          # worker processes; auto: one per core\n"
        f"\ncorpora:\n  {_value(name)}:\n{corpus}\n"
        "\nstreams:                 # how text, sound and pictures are cleaned\n"
        f"  text: {_value(guessed.words)}\n  audio: {{}}\n  video: {{}}\n"
        f"\nfeatures:                # `crossmodal features list` shows all\n  extract: {_value(extract)}\n"
        f"{blocks}{_SMALL_TRAIN if utterances < _SMALL else _TRAIN}{_EVALUATE}"
    )


def _extractors(block: Mapping[str, Any]) -> list[str]:
    return [name for name in default_extractors() if _modality(name) in block["modalities"]]


def _modality(name: str) -> str:
    return str(class_of(name, with_defaults({})[name]).modality)


def _value(value: Any) -> str:
    """Return a value as YAML on one line.

    >>> _value({"kind": "group-kfold", "folds": 5}), _value(["a", "on"]), _value("1:30"), _value("")
    ('{kind: group-kfold, folds: 5}', '[a, "on"]', '"1:30"', '""')
    """
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_value(key)}: {_value(own)}' for key, own in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return value if _plain(value) else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _plain(value: str) -> bool:
    """Whether a text needs no quotation marks in YAML, not even inside a list or before a comment."""
    try:
        return bool(yaml.safe_load(f"[{value}, {{a: {value}}}] # x") == [value, {"a": value}])
    except (yaml.YAMLError, ValueError):
        return False
