"""The programs that made words are named with their versions, references and licences."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
import yaml

from pipeline.reporting.methods.software import licences, versions
from pipeline.reporting.methods.words import word_tools
from pipeline.settings.params import Params, load_params

TABLE = pd.DataFrame({"text_source": ["recognised", "recognised"], "words_source": ["aligned", "given"]})


@pytest.fixture
def params(tmp_path: Path) -> Params:
    one = {"reader": "manifest", "root": "c", "task": "classification", "label": "mood", "modalities": ["text"]}
    one["protocol"] = {"kind": "group-kfold"}
    text = {"transcribe": "missing", "align": "missing"}
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump({"corpora": {"c": one}, "streams": {"text": text}}))
    return load_params(path)


def test_the_recogniser_and_the_aligner_are_named(params: Params) -> None:
    heard, aligned = word_tools(params, "c", TABLE)
    assert heard.sentence.startswith(
        "In all 2 utterances the transcript was recognised by Whisper tiny.en, 39 million parameters, with a beam "
        "search (Radford et al., 2023), run by faster-whisper"
    )
    assert aligned.sentence.startswith("In 1 of the utterances the times of words were found by forced alignment")
    assert "(Huggins-Daines et al., 2006)" in aligned.sentence
    lines = {line[0]: line[1] for line in licences([], {}, [heard, aligned]).lines}
    assert lines["recogniser: Whisper tiny.en"] == "MIT"
    found = {line[0]: line[1] for line in versions([], [heard, aligned]).lines}
    assert found["ctranslate2"] == version("ctranslate2")


def test_another_model_is_named_and_its_licence_is_not_guessed(params: Params) -> None:
    words = replace(params.words, model="small.en")
    heard, _ = word_tools(replace(params, words=words), "c", TABLE)
    assert "by the Whisper model small.en, with a beam search" in heard.sentence
    assert heard.licences[0] == ("recogniser: Whisper small.en", "as its publisher states")


def test_words_that_came_recognised_or_were_given_name_no_program(params: Params) -> None:
    given = replace(params, corpora={"c": replace(params.corpus("c"), transcribe="never", align="never")})
    table = TABLE.assign(words_source="recognised")
    first, second = word_tools(given, "c", table)
    assert "by which one is not recorded" in first.sentence
    assert second.sentence == "In all 2 utterances the times of words come from a recogniser."
    assert list(word_tools(given, "c", TABLE.assign(text_source="given", words_source=""))) == []
