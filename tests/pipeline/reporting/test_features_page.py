"""The page of a corpus without labels: the sentence, the features that are there, and how they were made."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from features.store import Entry, Item, write_store
from features.store.schema import feature_schema
from pipeline.corpora.utterances import COLUMNS, WORD_COLUMNS
from pipeline.reporting.features_page import page_of_features
from pipeline.reporting.utterance.section import data_sections
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params, load_params
from tests.conftest import bind
from tests.pipeline.reporting.conftest import Opening


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """A corpus of three utterances without labels."""
    monkeypatch.chdir(tmp_path)
    corpus = {"reader": "manifest", "root": "c", "task": "classification", "label": "", "modalities": ["text"]}
    corpus |= {"protocol": {"kind": "group-kfold"}, "features": {"text": ["vader"]}, "note": "A <note>."}
    Path("params.yaml").write_text(yaml.safe_dump({"corpora": {"c": corpus}}))
    Path("data/work/c").mkdir(parents=True)
    table = pd.DataFrame(dict.fromkeys(COLUMNS, ""), index=range(3)).assign(utterance=["u0", "u1", "</script>"])
    table.assign(start=0, end=1).to_csv("data/work/c/utterances.csv", index=False)
    pd.DataFrame(columns=list(WORD_COLUMNS)).to_csv("data/work/c/words.csv", index=False)
    bind(Path("data/work/c"))
    return load_params(Path("params.yaml"))


def add_store() -> None:
    ok = Entry("ok", "", {"values": np.zeros((1, 1)), "times": np.zeros((1, 2))}, {"pooled": np.zeros(1)})
    entries = {"u0": ok, "u1": Entry("failed", "why"), "</script>": Entry("absent", "why")}
    items = [Item(name, name, entry.length, lambda entry=entry: entry) for name, entry in entries.items()]
    path = Path("data/work/c/features/vader.h5")
    path.parent.mkdir(parents=True)
    made = {"name": "vader", "modality": "text", "kind": "features", "version": "1", "config": {}, "libraries": {}}
    write_store(path, feature_schema(1, 1), {**made, "pooled_names": ["a"]}, items)


def test_stores_are_listed_with_their_counts_and_names_are_escaped(params: Params) -> None:
    assert "<td>vader</td>" not in page_of_features(params, "c", "no labels", data_sections(params, "c", Pool(0)))
    add_store()
    page = page_of_features(params, "c", "no <labels>", data_sections(params, "c", Pool(0)))
    assert '<p class="verdict">No &lt;labels&gt;.</p>' in page
    cells = "".join(f"<td>{count}</td>" for count in (1, 1, 0, 1))
    assert f"<tr><td>vader</td><td>text</td>{cells}</tr>" in page
    assert "A &lt;note&gt;." in page
    assert "vader, version 1, 1 feature (Hutto and Gilbert, 2014)" in page
    assert 'href="#results"' not in page


def test_it_opens_in_a_browser(params: Params, opened: Opening) -> None:
    add_store()
    path = Path("page.html")
    path.write_text(page_of_features(params, "c", "there are no labels in c", data_sections(params, "c", Pool(0))))
    seen = opened(path, width=400)
    assert seen.locator("h2").all_text_contents() == ["Answer", "Data", "One utterance", "Methods"]
    assert seen.evaluate("document.documentElement.scrollWidth") <= 400
    assert seen.evaluate("block('predictions').utterances") == ["u0", "u1", "</script>"]
