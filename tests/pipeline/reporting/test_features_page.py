"""The page of a corpus without labels: the sentence, and the features that are there."""

from pathlib import Path

import numpy as np
import pytest

from features.store import Entry, Item, write_store
from features.store.schema import feature_schema
from pipeline.reporting.features_page import page_of_features


def test_stores_are_listed_with_their_counts_and_names_are_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "<table>" not in page_of_features("c", "no labels")
    ok = Entry("ok", "", {"values": np.zeros((1, 1)), "times": np.zeros((1, 2))}, {"pooled": np.zeros(1)})
    entries = {"u0": ok, "u1": Entry("failed", "why"), "u2": Entry("absent", "why")}
    items = [Item(name, name, entry.length, lambda entry=entry: entry) for name, entry in entries.items()]
    path = Path("data/work/c/features/vader.h5")
    path.parent.mkdir(parents=True)
    write_store(path, feature_schema(1, 1), {"name": "vader", "modality": "text", "kind": "features"}, items)
    page = page_of_features("c", "no <labels>")
    assert "<strong>No &lt;labels&gt;.</strong>" in page
    cells = "".join(f'<td class="n">{count}</td>' for count in (1, 1, 0, 1))
    assert f"<tr><td>vader</td><td>text</td>{cells}</tr>" in page
