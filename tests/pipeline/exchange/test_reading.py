"""The result of a format's reader is checked against its contract: each breach and exception gives one sentence."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.store import Item
from pipeline.errors import UserError
from pipeline.exchange import registry
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, entry_of, item_of
from pipeline.exchange.reading import read_bundle
from pipeline.exchange.registry import Format

PATH = Path("f.jsonl")
TABLE = pd.DataFrame({"utterance": ["a", "b"], "mood": ["good", "bad"]})
ENTRY = entry_of(np.array([[1.0, 2.0], [3.0, 6.0]]))[0]
STORE = FeatureSet("voice", "audio", ("x", "y"), ("m", "n", "o", "p"), [item_of("a", ENTRY), item_of("b", ENTRY)])


def made(**changed: Any) -> Bundle:
    return Bundle(TABLE, features=(replace(STORE, **changed),))


@pytest.fixture
def returned(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Bundle]:
    """Return a function that reads a file of the format `jsonl`, whose reader returns a given value."""

    def read_it(result: Any) -> Bundle:
        def read(path: Path, options: ImportOptions) -> Any:
            return result() if callable(result) else result

        monkeypatch.setitem(registry._FORMATS._entries, "jsonl", Format(read))
        return read_bundle("jsonl", PATH, ImportOptions())

    return read_it


def test_a_valid_bundle_is_returned_unchanged(returned: Any) -> None:
    found = returned(made())
    assert found.utterances["mood"].tolist() == ["good", "bad"]
    first = found.features[0].items[0].load()
    np.testing.assert_array_equal(first.rows["values"], [[1, 2], [3, 6]])
    np.testing.assert_array_equal(first.clips["pooled"], [2, 4, 1, 2])


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (TABLE, "read returned an object of type DataFrame, but must return a Bundle"),
        (Bundle(TABLE.to_dict()), "utterances of type dict, but must return a DataFrame"),  # type: ignore[arg-type]
        (Bundle(TABLE.rename(columns={"utterance": "id"})), "utterances without the column 'utterance'"),
        (Bundle(TABLE, words=pd.DataFrame({"word": ["hm"]})), "words without the column 'utterance'"),
        (Bundle(TABLE.iloc[[0, 0]]), r"f\.jsonl has the id 'a' more than once"),
        (Bundle(TABLE, features=STORE), "features of type FeatureSet, but must return a tuple of FeatureSet"),  # type: ignore[arg-type]
        (made(modality="sound"), "the store 'voice' of unknown modality 'sound'; .*available: text, audio, video"),
        (made(items=[ENTRY]), "with items that are not of type Item: make them with"),
        (made(items=[item_of("a", ENTRY)] * 2), "with two items of the utterance 'a'"),
    ],
)
def test_results_that_break_the_contract_are_refused(result: Any, message: str, returned: Any) -> None:
    with pytest.raises(UserError, match=message):
        returned(result)


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ({"feature_names": ("x",)}, r"for 'a' in the store 'voice', values of shape \(2, 2\) instead of \(2, 1\)"),
        ({"pooled_names": ("x", "y")}, r"pooled of shape \(4,\) instead of \(2,\)"),
        ({"items": [Item("a", "", 1, partial(dict))]}, r"in the store 'voice', \{\} and not an Entry: make one with"),
        ({"items": [Item("a", "", 1, lambda: {}["x"])]}, r"\.read failed.*: KeyError: 'x'"),
    ],
)
def test_entries_are_checked_when_they_load(store: dict[str, Any], message: str, returned: Any) -> None:
    found = returned(made(**store))
    with pytest.raises(UserError, match=message):
        found.features[0].items[0].load()


def test_an_exception_of_a_plugin_does_not_blame_the_file(returned: Any) -> None:
    with pytest.raises(UserError, match=r"\.read failed in line \d+ of test_reading\.py: KeyError: 'k'$"):
        returned(lambda: {}["k"])


def test_an_exception_of_our_own_reader_blames_the_file(tmp_path: Path) -> None:
    (tmp_path / "f.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"f\.parquet"):
        read_bundle("parquet", tmp_path / "f.parquet", ImportOptions())
