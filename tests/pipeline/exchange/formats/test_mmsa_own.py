"""The extra entry of our MMSA pickles: padding and undefined numbers are undone exactly."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.base import Modality
from features.store import Entry
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, entry_of, item_of, pooled_names_of
from pipeline.exchange.formats.mmsa_own import OWN_KEY, read_own, write_own
from tests.pipeline.exchange.round_trip import assert_equal

PATH = Path("x.pkl")
PARTS = {"train": np.array([2, 0]), "test": np.array([1])}
LENGTHS: dict[Modality, list[int]] = {"text": [1, 3, 0], "audio": [2, 1, 4]}


def bundle(lengths: dict[Modality, list[int]] = LENGTHS) -> Bundle:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"utterance": ["a", "b", "c"]}).astype("str")
    stores = []
    for modality, counts in lengths.items():
        entries = [entry_of(rng.normal(size=(n, 2)))[0] if n else Entry("absent", "not there") for n in counts]
        for entry in entries:
            if entry.status == "ok":
                entry.rows["values"][0, 0] = np.nan
        items = [item_of(u, e) for u, e in zip("abc", entries, strict=True)]
        stores.append(FeatureSet(f"{modality}_x", modality, ("p", "q"), pooled_names_of(("p", "q")), items))
    return Bundle(table, features=tuple(stores))


def written(made: Bundle) -> tuple[dict[Modality, np.ndarray], dict[str, Any]]:
    return write_own(made, {store.modality: store for store in made.features}, PARTS)


def parts(padded: dict[Modality, np.ndarray]) -> dict[str, dict[Modality, np.ndarray]]:
    return {name: {m: values[rows] for m, values in padded.items()} for name, rows in PARTS.items()}


def test_padding_is_zeros_and_undefined_numbers_are_zero_until_read_back() -> None:
    padded, own = written(bundle())
    assert {m: values.shape for m, values in padded.items()} == {"text": (3, 3, 2), "audio": (3, 4, 2)}
    assert all(np.isfinite(values).all() for values in padded.values())
    assert (padded["text"][0, 1:] == 0).all()
    assert (padded["text"][2] == 0).all()
    assert_equal(read_own(own, parts(padded), PATH), bundle())


def test_modalities_of_the_same_lengths_are_padded_alike() -> None:
    padded, _ = written(bundle({"text": [1, 3, 0], "audio": [1, 3, 2]}))  # an absent one fits any length
    assert padded["text"].shape == padded["audio"].shape == (3, 3, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda own, _: own.pop("rows/train"), "lacks 'rows/train'"),
        (lambda own, _: own.update({"rows/test": np.array([0])}), "its clips .* does not match its entry 'crossmodal'"),
        (lambda _, padded: padded.update(audio=padded["audio"][:, :2]), "its sequences are shorter than"),
        (lambda own, _: own.pop("crossmodal_format"), "lacks 'crossmodal_format'"),
    ],
)
def test_an_entry_that_no_longer_fits_mmsas_arrays_is_refused(change: Any, message: str) -> None:
    padded, own = written(bundle())
    change(own, padded)
    with pytest.raises(UserError, match=message):
        read_own(own, parts(padded), PATH)


def test_an_entry_that_is_not_a_dictionary_is_refused() -> None:
    with pytest.raises(UserError, match=f"its entry '{OWN_KEY}' is not a dictionary"):
        read_own([1, 2], {}, PATH)
