"""What the text says of a corpus is counted from its table."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from pipeline.corpora.registry import description
from pipeline.reporting.methods.corpus import corpus_sentences, published_in
from pipeline.reporting.methods.words import word_tools
from pipeline.settings.params import Params, load_params

TABLE = pd.DataFrame(
    {
        "utterance": ["u0", "u1", "u2"],
        "recording": ["r", "r", "s"],
        "duration": ["30", "60", ""],
        "speaker": ["a", "b", "a"],
        "text_source": ["given", "recognised", "recognised"],
        "words_source": ["aligned", "given", ""],
        "mood": ["joy", "</script>", "joy"],
        "score": ["-1", "2.5", ""],
    }
)


@pytest.fixture
def params(tmp_path: Path) -> Params:
    one = {"reader": "manifest", "root": "c", "task": "classification", "label": "mood", "modalities": ["text"]}
    one["protocol"] = {"kind": "group-kfold"}
    both = {**one, "reader": "union", "root": "data/raw/all", "of": ["c", "d"]}
    path = tmp_path / "params.yaml"
    corpora = {"c": one, "d": {**one, "reader": "emodb"}, "all": both}
    corpora["s"] = {**one, "task": "regression", "label": "score"}
    corpora["none"] = {**one, "label": ""}
    path.write_text(yaml.safe_dump({"corpora": corpora}))
    return load_params(path)


def said(params: Params, name: str, table: pd.DataFrame = TABLE) -> list[str]:
    tools = word_tools(table, {"recognised": [], "aligned": ["u0"]})
    return list(corpus_sentences(params, name, table, published_in(params, name), tools))


def test_sizes_labels_speakers_and_words_made_by_machines(params: Params) -> None:
    assert said(params, "c") == [
        "The corpus c has 3 utterances of 2 recordings, 1.5 minutes in all.",
        "The label mood is predicted, one of 2 classes (utterances: joy 2, </script> 1).",
        "It has 2 speakers, one of whom has 2 of the 3 utterances.",
        "In 2 of the utterances the transcript was recognised by a machine; by which program is not recorded.",
        said(params, "c")[4],
    ]
    assert said(params, "c")[4].startswith("In 1 of the utterances the times of words were found by forced alignment")


def test_the_note_of_a_corpus_is_in_the_text(params: Params) -> None:
    noted = replace(params.corpus("c"), note="This corpus is synthetic.")
    params = replace(params, corpora={**params.corpora, "c": noted})
    assert said(params, "c")[1] == "This corpus is synthetic."


def test_scores_have_a_range_and_a_corpus_may_have_no_labels(params: Params) -> None:
    assert said(params, "s")[1] == "The score score is predicted, from -1 to 2.5 (mean 0.75)."
    assert said(params, "none")[1] == "It has no labels."


def test_unknown_speakers_are_said_to_be_unknown(params: Params) -> None:
    assert "It is not known who speaks." in said(params, "c", TABLE.assign(speaker=""))
    some = said(params, "c", TABLE.assign(speaker=["a", "", ""]))
    assert "The speaker is known for 1 of the utterances (1 speaker)." in some


def test_a_published_corpus_is_cited_and_a_union_names_its_parts(params: Params) -> None:
    emodb = description("emodb")
    assert emodb is not None
    assert said(params, "d")[0].startswith(f"The corpus d ({emodb.title}; {emodb.citation}) has 3 utterances")
    assert said(params, "all")[:2] == [
        "The corpus all has 3 utterances of 2 recordings, 1.5 minutes in all.",
        f"It is a union of c, d ({emodb.title}; {emodb.citation}).",
    ]
