"""Ids of an imported store beside those of the utterance table."""

import numpy as np
import pandas as pd
import pytest

from features.store import IMPORTED, feature_schema, write_store
from pipeline.errors import UserError
from pipeline.exchange.bundle import item_of
from pipeline.run.keys.utterance import frames_key
from pipeline.settings.paths import CorpusPaths
from pipeline.training.matching import differences, imported_differences, require_same_places
from tests.pipeline.training.test_inputs import ok, store, utterances


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def theirs(*names):
    store("theirs", [ok([1]) for _ in names], kind=IMPORTED, names=list(names))
    return CorpusPaths("c").features("theirs")


def test_the_same_ids_in_another_order_do_not_differ():
    assert differences(theirs("b", "a"), ["a", "b"]) == []


def test_utterances_without_features_are_counted_and_at_most_three_are_shown():
    path = theirs("a")
    assert differences(path, ["a", "b", "c"]) == [
        f"{path}: 2 of the table's 3 utterances are not in the store and count as absent (b, c)"
    ]
    assert differences(path, list("abcde"))[0].endswith(
        "4 of the table's 5 utterances are not in the store and count as absent (b, c, d, ...)"
    )


def test_features_without_an_utterance_are_counted():
    path = theirs("a", "x", "y")
    assert differences(path, ["a"]) == [f"{path}: 2 of its 3 ids belong to no utterance and are ignored (x, y)"]


def test_ids_that_are_written_differently_are_refused():
    with pytest.raises(
        UserError, match=r"1 of its 2 ids are not in the table \(A\), and 1 of the table's 2 .* \(a\): write"
    ):
        differences(theirs("A", "b"), ["a", "b"])


def test_imported_frames_are_those_of_the_times_that_the_table_has():
    table = utterances(3, recording=["r", "r", "s"], media="m", start=[0.0, 1.0, 0.5], end=[1.0, 2.0, np.nan])
    items = [
        item_of(row.utterance, ok([1]), frames_key("o", "frames", row, (row.start, row.end)))
        for row in table.itertuples()
    ]
    path = CorpusPaths("c").features("frames")
    kinds = {"kind": IMPORTED, "modality": "video", "config": {"format": "frames"}, "config_hash": "o"}
    write_store(path, feature_schema(1, 1), kinds | {"pooled_names": ["a"]}, items)
    require_same_places(path, table)
    require_same_places(path, table.iloc[[2, 0]])
    more = pd.concat([table, utterances(1, recording=["t"]).assign(utterance="new")])
    require_same_places(path, more)  # one that is not in it counts as absent
    for column, cells in (("start", [0.0, 1.0, 0.6]), ("end", [1.0, 2.5, np.nan]), ("media_sha256", ["", "", "1"])):
        with pytest.raises(
            UserError, match=r"1 of the table's 3 utterances have different times .* \(u[12]\): run `cross"
        ):
            require_same_places(path, table.assign(**{column: cells}))
    with pytest.raises(UserError, match="2 of the table's 3 utterances have different times"):
        imported_differences("c", [("frames",)], table.assign(start=[0.0, 2.0, 2.0]))


def test_only_imported_stores_are_compared_and_each_once():
    theirs("u0")
    store("ours", [ok([1])])
    found = imported_differences("c", [("theirs", "ours"), ("theirs",), ("nowhere",)], utterances(2))
    assert len(found) == 1
    assert "1 of the table's 2 utterances are not in the store and count as absent (u1)" in found[0]
