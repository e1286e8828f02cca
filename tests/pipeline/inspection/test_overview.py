"""Lists of extractors and corpora, and the cache keys in use, against what stores, records and registries hold."""

from pathlib import Path

import pytest
import yaml

from pipeline.corpora.registry import reader_names
from pipeline.errors import UserError
from pipeline.inspection.overview import described, extractors, lines_of, readers, table_of
from pipeline.settings.params import load_params
from tests.conftest import output_of


def test_each_extractor_has_a_line_with_its_widths_and_settings(here: Path) -> None:
    """eGeMAPS has 88 functionals and 25 descriptors, ComParE 6373 and 65, as openSMILE publishes them."""
    (here / "params.yaml").write_text("features: {extract: [opensmile], opensmile: {feature_set: ComParE_2016}}\n")
    rows = {line.split()[0]: line.split() for line in table_of(extractors(load_params(here / "params.yaml")))}
    assert rows["opensmile"][1:4] == ["audio", "6373", "65"]
    assert rows["opensmile"][4] == rows["compare"][4] != "-"  # the same settings under two names
    assert rows["opensmile"][5:] == ["none", "research", "only", "yes"]
    assert rows["vader"][1:4] == ["text", "4", "4"]
    assert rows["vader"][-1] == "no"
    (here / "params.yaml").write_text("features: {extract: []}\n")
    rows = {line.split()[0]: line.split() for line in table_of(extractors(load_params(here / "params.yaml")))}
    assert rows["opensmile"][2:4] == ["88", "25"]
    assert rows["opensmile"][-1] == "no"


def test_each_reader_has_a_line() -> None:
    lines = list(map(str, readers()))
    assert [line.split()[0] for line in lines] == [*reader_names(), "union"]
    assert next(line for line in lines if line.startswith("manifest")).endswith("manifest.csv")


@pytest.mark.parametrize("name", [name for name in reader_names() if name != "manifest"])
def test_the_settings_that_a_description_shows_can_be_used(name: str, tmp_path: Path) -> None:
    lines = list(lines_of(name, described(name)))
    begin = lines.index("Settings (crossmodal add-corpus writes them):") + 1
    block = "\n".join(line[2:] for line in lines[begin : lines.index("Known faults:")])
    (tmp_path / "params.yaml").write_text(block)
    corpus = load_params(tmp_path / "params.yaml").corpus(name)
    assert (corpus.reader, corpus.root) == (name, f"data/raw/{name}")
    assert list(yaml.safe_load(block)) == ["corpora"]


def test_only_published_corpora_are_described() -> None:
    with pytest.raises(UserError, match=r"README\.md describes their manifest\.csv"):
        described("manifest")
    with pytest.raises(UserError, match=r"docs/corpora/union\.md describes it"):
        described("union")
    with pytest.raises(UserError, match="did you mean 'iemocap'"):
        described("iemocpa")


def test_a_store_describes_the_settings_that_it_was_made_with(here: Path) -> None:
    shown = output_of("features", "show", "data/work/c/streams/text.h5")
    assert "lowercase True" in shown
    assert "16 utterances (16 ok)" in shown
