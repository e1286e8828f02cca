"""Every setting is documented, no other one is, and what is written for editors is what the program reads."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from features.registry import extractor_class, extractor_names
from models.classical.domains import DOMAINS
from pipeline.settings.blocks import (
    ContextParams,
    CorpusParams,
    EvaluateParams,
    ProtocolParams,
    ReportParams,
    RunParams,
    SequenceParams,
    TrainParams,
)
from pipeline.settings.documentation import PAGE, SCHEMA, meanings, page, schema
from pipeline.settings.streams import AudioConfig, TextParams, VideoConfig

ROOT = Path(__file__).parents[3]
BLOCKS: dict[str, Any] = {
    "run": RunParams,
    "corpora.NAME": CorpusParams,
    "corpora.NAME.protocol": ProtocolParams,
    "corpora.NAME.context": ContextParams,
    "corpora.NAME.sequences": SequenceParams,
    "streams.text": TextParams,
    "streams.audio": AudioConfig,
    "streams.video": VideoConfig,
    **{f"features.{name}": extractor_class(name).Config for name in extractor_names()},
    "train": TrainParams,
    "train.sequences": SequenceParams,
    "train.context": ContextParams,
    "evaluate": EvaluateParams,
    "report": ReportParams,
}


def rows() -> dict[str, list[str]]:
    """Return the rows of the page's tables by their first cell."""
    lines = (ROOT / PAGE).read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]
    return {row[0].strip("` "): row for row in cells if len(row) == 4}


def settings() -> set[str]:
    found = {"features.extract"}
    for place, block in BLOCKS.items():
        found |= {f"{place}.{field.name}" for field in dataclasses.fields(block)} - set(BLOCKS)
    return found - {"train.settings"}  # a table of its own


@pytest.mark.parametrize("setting", sorted(settings()))
def test_every_setting_is_documented_with_what_it_allows_and_means(setting: str) -> None:
    _, allowed, _, meaning = rows()[setting]
    assert allowed
    assert meaning.endswith(".")


def test_no_other_setting_is_documented() -> None:
    assert set(rows()) - {"features.vader"} == settings()  # VADER has a row that says that it has no settings


def test_every_block_has_a_section_that_says_what_it_is() -> None:
    text = (ROOT / PAGE).read_text()
    for place in set(BLOCKS) - {"features.vader"} | {"streams", "features", "train.settings"}:
        assert re.search(rf"^## `{re.escape(place)}`\n\n\w", text, re.MULTILINE), place


def test_every_setting_of_a_classifier_or_strategy_is_documented() -> None:
    table = (ROOT / PAGE).read_text().partition("## `train.settings`")[2]
    listed = set()
    for line in table.splitlines():
        if line.startswith("| `"):
            name, _, owners = (cell.strip() for cell in line.strip("|").split(" | "))
            listed |= {(owner.strip("` "), name.strip("`")) for owner in owners.split(",")}
    assert listed == {(owner, name) for owner, own in DOMAINS.items() for name in own}


def test_the_page_and_the_schema_are_those_that_make_schema_writes() -> None:
    assert (ROOT / PAGE).read_text() == page(), "run: make schema"
    assert json.loads((ROOT / SCHEMA).read_text()) == json.loads(json.dumps(schema())), "run: make schema"


def test_the_settings_file_names_its_schema() -> None:
    first = (ROOT / "params.yaml").read_text().partition("\n")[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA}"


def test_the_schema_has_the_blocks_and_defaults_of_the_committed_file() -> None:
    root = schema()
    assert list(root["properties"]) == list(yaml.safe_load((ROOT / "params.yaml").read_text()))
    audio = root["$defs"]["AudioConfig"]
    assert audio["properties"]["level_db"]["default"] == -23.0
    assert (audio["properties"]["level_db"]["minimum"], audio["properties"]["level_db"]["exclusiveMaximum"]) == (-60, 0)
    assert audio["additionalProperties"] is False
    assert root["$defs"]["CorpusParams"]["required"] == ["reader", "root", "task", "label", "modalities", "protocol"]
    extractors = root["properties"]["features"]["anyOf"][0]["properties"]
    assert extractors["mfcc"]["anyOf"][0]["properties"]["count"]["default"] == 40


def test_an_editor_accepts_a_block_with_nothing_after_its_name() -> None:
    root = schema()
    streams = root["$defs"]["StreamsParams"]["properties"]
    for block in (*root["properties"].values(), *streams.values()):
        assert {"type": "null"} in block["anyOf"]


def test_meanings_are_read_from_the_section_of_attributes_alone() -> None:
    class Documented:
        """What it is.

        Attributes
        ----------
        one, two
            Both of
            them.
        three
            A third.

        Notes
        -----
        other
            Nothing.
        """

    assert meanings(Documented) == {"one": "Both of them.", "two": "Both of them.", "three": "A third."}
    assert meanings(type("Plain", (), {"__doc__": "Nothing."})) == {}
