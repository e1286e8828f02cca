"""Unions in the settings file: what they are made of, and which of them are refused, each with its place."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.settings.params import Params, load_params
from pipeline.settings.unions import UnionParams, union_faults

ONE = {
    "reader": "manifest",
    "root": "x",
    "task": "classification",
    "label": "emotion",
    "modalities": ["audio"],
    "protocol": {"kind": "group-kfold"},
}
BOTH = ONE | {"reader": "union", "of": ["a", "b"], "protocol": {"kind": "leave-one-corpus-out"}}
del BOTH["root"]


def load(folder: Path, **corpora: Any) -> Params:
    (folder / "params.yaml").write_text(yaml.safe_dump({"corpora": corpora}, sort_keys=False))
    return load_params(folder / "params.yaml")


def test_a_union_knows_the_settings_of_its_parts(tmp_path: Path) -> None:
    params = load(tmp_path, outer=BOTH | {"of": ["both", "c"]}, both=BOTH, a=ONE, b=ONE | {"root": "y"}, c=ONE)
    both, outer = params.corpora["both"], params.corpora["outer"]
    assert isinstance(both, UnionParams)
    assert {name: part.root for name, part in both.parts.items()} == {"a": "x", "b": "y"}
    assert isinstance(outer, UnionParams)
    assert outer.parts["both"] == both
    assert both.root == "data/raw/both"
    assert not isinstance(params.corpora["a"], UnionParams)


def test_labels_are_renamed_or_left_out(tmp_path: Path) -> None:
    params = load(tmp_path, a=ONE, b=ONE, both=BOTH | {"labels": {"fearful": "fear", "calm": None}})
    assert params.corpora["both"].labels == {"fearful": "fear", "calm": None}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": ["a", "emodb"]}, r"line \d+: corpora\.both\.of\[1\] is 'emodb', which is not among the corpora"),
        ({"of": ["a", "both"]}, r"corpora\.both\.of\[1\] is 'both': a corpus cannot be a part of itself"),
        ({"of": ["a", "a"]}, r"corpora\.both\.of names 'a' twice"),
        ({"of": []}, r"corpora\.both\.of is missing: list the corpora that the union is made of"),
        ({"of": "a"}, r"corpora\.both\.of is 'a': it must be a list"),
        ({"label": "mood"}, r"of\[0\] is 'a', whose label is the column 'emotion', not 'mood': set the same label"),
        ({"task": "regression"}, r"of\[0\] is 'a', whose task is classification, not regression: only corpora of the"),
        ({"labels": {"1": 2}}, r"corpora\.both\.labels\.1 is 2: it must be text or null; write it in quotes"),
        ({"parts": {"a": ONE}}, r"corpora\.both\.parts is unknown"),
        ({"reader": "manifest", "root": "x"}, r"corpora\.both\.of is set, but only a union has it"),
        (
            {"reader": "manifest", "root": "x", "of": [], "labels": {"a": "b"}},
            r"corpora\.both\.labels is set, but only a union has it: write reader: union, or remove labels",
        ),
    ],
)
def test_what_cannot_be_a_union_is_refused_with_its_place(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        load(tmp_path, a=ONE, b=ONE, both=BOTH | change)


def test_scores_have_no_names_to_change(tmp_path: Path) -> None:
    score = {"task": "regression"}
    with pytest.raises(UserError, match=r"labels is set, but scores have no names that could be changed"):
        load(tmp_path, a=ONE | score, b=ONE | score, both=BOTH | score | {"labels": {"1": "2"}})


@pytest.mark.parametrize("third", ["first", "second"])
def test_unions_that_are_parts_of_each_other_are_refused(third: str, tmp_path: Path) -> None:
    unions = {
        "first": BOTH | {"of": ["a", "second"]},
        "second": BOTH | {"of": ["a", "third"]},
        "third": BOTH | {"of": ["a", third]},
    }
    with pytest.raises(UserError, match=r"corpora\.second\.of\[1\] is 'third', which itself contains second"):
        load(tmp_path, a=ONE, **unions)


@pytest.mark.parametrize("key", ["transcribe", "align"])
def test_the_words_of_a_union_are_those_of_its_parts(key: str) -> None:
    part = CorpusParams("manifest", "a", "classification", "mood", ("text",), ProtocolParams("crossfit"))
    union = replace(part, reader="union", of=("a",), **{key: "missing"})
    assert list(union_faults({"a": part, "both": union})) == [
        (("corpora", "both", key), "is set, but the words of a union come from its parts: set it in their blocks")
    ]
