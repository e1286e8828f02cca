"""The programs that made words are named with their versions, references and licences."""

from importlib.metadata import version
from typing import Any

import pandas as pd
import pytest

from features.audio.speech_models import PACKAGED
from pipeline.reporting.methods.software import licences, versions
from pipeline.reporting.methods.words import word_tools

TABLE = pd.DataFrame(
    {"utterance": ["u", "v"], "text_source": ["recognised", "recognised"], "words_source": ["aligned", "given"]}
)


def made(model: str = PACKAGED, recognised: tuple[str, ...] = ("u", "v"), aligned: tuple[str, ...] = ("u",)) -> Any:
    return {"settings": {"model": model}, "recognised": list(recognised), "aligned": list(aligned)}


def test_the_recogniser_and_the_aligner_are_named() -> None:
    heard, aligned = word_tools(TABLE, made())
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


def test_another_model_is_named_and_its_licence_is_not_guessed() -> None:
    heard, _ = word_tools(TABLE, made("small.en"))
    assert "by the Whisper model small.en, with a beam search" in heard.sentence
    assert heard.licences[0] == ("recogniser: Whisper small.en", "as its publisher states")


@pytest.mark.parametrize("others", [{}, made(recognised=(), aligned=())])
def test_words_that_came_recognised_or_were_given_name_no_program(others: Any) -> None:
    """Also where words of other utterances would have been made: a transcript of a recogniser came with its file."""
    first, second = word_tools(TABLE.assign(words_source="recognised"), others)
    assert first.sentence == (
        "In all 2 utterances the transcript was recognised by a machine; by which program is not recorded."
    )
    assert second.sentence == "In all 2 utterances the times of words come from a recogniser."
    _, aligned = word_tools(TABLE, others)
    assert aligned.sentence == (
        "In 1 of the utterances the times of words were found by aligning the words with the sound; by which program "
        "is not recorded."
    )
    assert [one.reference for one in (first, second, aligned)] == [None] * 3
    assert list(word_tools(TABLE.assign(text_source="given", words_source=""), others)) == []


def test_words_made_here_and_elsewhere_are_told_apart() -> None:
    here, elsewhere, aligned = word_tools(TABLE, made(recognised=("v",)))
    assert here.sentence.startswith("In 1 of the utterances the transcript was recognised by Whisper tiny.en")
    assert elsewhere.sentence.endswith("by which program is not recorded.")
    assert "pocketsphinx" in aligned.sentence
