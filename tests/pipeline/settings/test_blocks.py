"""The blocks of params.yaml: what they allow at the edges, and that defaults and the committed file agree."""

from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.configuration import split_bases, split_fusion
from models.registry import strategy, strategy_names
from pipeline.settings.blocks import (
    MOST_NEIGHBOURS,
    ContextParams,
    CorpusParams,
    EvaluateParams,
    ProtocolParams,
    RunParams,
    SequenceParams,
    SettingsFile,
    TrainParams,
)
from pipeline.settings.validation import validated

ROOT = Path(__file__).parents[3]
CORPUS = {
    "reader": "manifest",
    "root": "clips",
    "task": "classification",
    "label": "mood",
    "modalities": ["text"],
    "protocol": {"kind": "group-kfold"},
}


@pytest.mark.parametrize(
    ("block", "name", "allowed", "refused"),
    [
        (RunParams, "workers", [1, 64, "auto"], [0, -1, 1.5, "all"]),
        (RunParams, "max_failed", [0, 0.01, 1], [-0.01, 1.01]),
        (RunParams, "corpora", [[], ["a", "b"]], ["a", ["a", "a"], [1]]),
        (ContextParams, "before", [0, MOST_NEIGHBOURS], [-1, MOST_NEIGHBOURS + 1, 1.0]),
        (ContextParams, "after", [0, MOST_NEIGHBOURS], [-1, MOST_NEIGHBOURS + 1]),
        (SequenceParams, "step_s", [0.001, 5], [0, 0.0009, -1]),
        (SequenceParams, "align", ["none", "word"], ["words", None]),
        (TrainParams, "budget", [1, 100], [0, -1, 2.5]),
        (TrainParams, "normalise", ["standard", "quantile", "speaker"], ["speakers", ""]),
        (EvaluateParams, "resamples", [0, 1000], [-1, 10.5]),
        (EvaluateParams, "seed", [0, 7], [-1]),
    ],
)
def test_edges_of_what_is_allowed(block: type[Any], name: str, allowed: list[Any], refused: list[Any]) -> None:
    for value in allowed:
        found, faults = validated(block, {name: value})
        assert not faults
        assert getattr(found, name) == (tuple(value) if isinstance(value, list) else value)
    for value in refused:
        assert validated(block, {name: value})[1], value


def test_neighbours_on_both_sides_count_together() -> None:
    assert not validated(ContextParams, {"before": 600, "after": 400})[1]
    [(place, fault)] = validated(ContextParams, {"before": 600, "after": 401})[1]
    assert (place, fault) == ((), ": before (600) plus after (401) must be at most 1000")
    assert [ContextParams(*pair).used for pair in ((0, 0), (1, 0), (0, 1))] == [False, True, True]


def test_a_corpus_needs_what_has_no_default() -> None:
    required = [f.name for f in fields(CorpusParams) if f.default is MISSING and f.default_factory is MISSING]
    assert required == list(CORPUS)
    for name in required:
        found, faults = validated(CorpusParams, {key: value for key, value in CORPUS.items() if key != name})
        assert (found, faults) == (None, [((name,), "is missing")])
    assert validated(CorpusParams, CORPUS)[0] == CorpusParams(
        "manifest", "clips", "classification", "mood", ("text",), ProtocolParams("group-kfold", 5, "group")
    )


def test_a_block_with_nothing_after_its_name_is_empty() -> None:
    empty, faults = validated(SettingsFile, dict.fromkeys(f.name for f in fields(SettingsFile)))
    assert not faults
    assert empty == SettingsFile()


def test_the_committed_file_shows_the_defaults() -> None:
    """Whoever reads params.yaml reads what holds where a setting is left out; what it names of a corpus is its own."""
    blocks = yaml.safe_load((ROOT / "params.yaml").read_text())
    found, faults = validated(SettingsFile, blocks)
    assert found is not None, faults
    assert found.streams == SettingsFile().streams
    assert found.evaluate == EvaluateParams()
    # Files from before there was `table` list their rows, and keep them all.
    assert asdict(found.train) == asdict(TrainParams(table="paper"))
    assert {f.name for f in fields(TrainParams)} == set(blocks["train"])
    assert {f.name for f in fields(EvaluateParams)} == set(blocks["evaluate"])
    assert {f.name for f in fields(RunParams)} == set(blocks["run"])
    assert (found.run.workers, found.run.max_failed) == (RunParams().workers, RunParams().max_failed)


def test_the_default_fusions_are_all_that_are_registered() -> None:
    named = {split_bases(split_fusion(fusion)[0])[0] for fusion in TrainParams().fusions}
    assert named == set(strategy_names("fusion"))
    for fusion in TrainParams().fusions:
        name, slash, _ = fusion.partition("/")
        assert not slash or strategy(name).classifier
