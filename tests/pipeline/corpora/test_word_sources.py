"""Where words come from: what readers gave, and what settings of corpora and unions make."""

from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline.corpora.word_sources import (
    coarsely_timed,
    machine_made,
    makes_words,
    needs_text,
    needs_times,
    rule_of,
    with_sources,
    word_settings,
)
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.settings.streams import WordsConfig
from pipeline.settings.unions import UnionParams


def corpus(
    transcribe: str | None = None, align: str | None = None, modalities: tuple[str, ...] = ("text",)
) -> CorpusParams:
    return CorpusParams(
        "manifest",
        "c",
        "classification",
        "mood",
        modalities,
        ProtocolParams("crossfit"),
        transcribe=transcribe,
        align=align,  # type: ignore[arg-type]
    )


def union(**parts: CorpusParams) -> UnionParams:
    return UnionParams(**{**vars(corpus()), "reader": "union", "parts": parts})


def test_what_is_there_was_given_unless_the_reader_says_otherwise() -> None:
    table = pd.DataFrame(
        {"utterance": ["a", "b", "c", "d"], "text": ["so", "", "", "so"], "text_source": ["", "", "given", "subtitles"]}
    )
    words = pd.DataFrame(
        {"utterance": ["b", "d"], "word": ["so", "so"], "start": [0.1, float("nan")], "end": [0.2, float("nan")]}
    )
    found = with_sources(table, words)
    assert found["text_source"].tolist() == ["given", "given", "", "subtitles"]
    assert found["words_source"].tolist() == ["", "given", "", ""]


@pytest.mark.parametrize(
    ("transcribe", "source", "media", "wanted"),
    [
        ("missing", "", "a.mp4", True),
        ("missing", "given", "a.mp4", False),
        ("always", "given", "a.mp4", True),
        ("always", "", "", False),
        ("never", "", "a.mp4", False),
        (None, "", "a.mp4", False),
    ],
)
def test_which_utterances_are_recognised(transcribe: str | None, source: str, media: str, wanted: bool) -> None:
    row = SimpleNamespace(text_source=source, media=media, sound="")
    assert needs_text(row, corpus(transcribe)) is wanted


@pytest.mark.parametrize(
    ("align", "texts", "times", "coarse", "wanted"),
    [
        ("missing", "given", "", False, True),
        ("missing", "given", "given", False, False),
        ("missing", "subtitles", "subtitles", True, True),
        ("missing", "recognised", "recognised", False, True),
        ("missing", "", "", False, False),
        ("always", "given", "given", False, True),
        ("never", "given", "", False, False),
        (None, "given", "", False, False),
    ],
)
def test_which_utterances_are_aligned(align: str | None, texts: str, times: str, coarse: bool, wanted: bool) -> None:
    row = SimpleNamespace(utterance="u", text_source=texts, words_source=times, media="a.mp4", sound="")
    assert needs_times(row, corpus(align=align), {"u"} if coarse else set()) is wanted
    assert not needs_times(SimpleNamespace(**{**vars(row), "media": ""}), corpus(align=align), {"u"})


def test_words_that_share_their_times_are_coarsely_timed() -> None:
    rows = [("cue", 1.0, 2.0)] * 3 + [("own", 1.0, 1.5), ("own", 1.5, 1.5), ("own", 1.5, 1.5), ("own", 1.5, 2.0)]
    rows += [("none", float("nan"), float("nan"))] * 2
    assert coarsely_timed(pd.DataFrame(rows, columns=["utterance", "start", "end"])) == {"cue"}


def test_the_parts_of_a_union_keep_their_own_settings() -> None:
    inner = union(x=corpus("always"), y=corpus("never"))
    outer = union(in_it=inner, z=corpus("never", "missing"))
    assert rule_of(outer, "in_it:x:u1").transcribe == "always"
    assert rule_of(outer, "z:u:1").align == "missing"
    assert makes_words(outer)
    assert makes_words(union(in_it=inner))
    assert not makes_words(union(y=corpus("never", "never")))
    assert word_settings(outer, WordsConfig())["when"] == {
        "in_it": {"x": ["always", None], "y": ["never", None]},
        "z": ["never", "missing"],
    }


def test_no_words_are_made_for_a_corpus_without_text() -> None:
    assert not makes_words(corpus("always", modalities=("audio",)))
    assert word_settings(corpus("never", "never"), WordsConfig()) == {}


def test_shares_are_of_utterances_that_have_words() -> None:
    table = pd.DataFrame({"text_source": ["given", "recognised", ""], "words_source": ["", "aligned", ""]})
    assert machine_made(table) == (
        "the words of 1 of 2 utterances with words (50%) were recognised by a machine, not given; "
        "the word times of 1 of 1 utterances with timed words (100%) were aligned by a machine"
    )
    assert machine_made(table.assign(text_source="given", words_source="given")) == ""
