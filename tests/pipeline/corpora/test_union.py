"""The union of corpora: names that cannot collide, labels of the union, and each part by its own rules."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.corpora.gathering import gather, tabulate
from pipeline.corpora.reading import read_corpus
from pipeline.corpora.registry import reader_names, register
from pipeline.corpora.sources import changed_sources, current
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.inspection.validate import validate
from pipeline.settings.params import Params, load_params
from tests.conftest import write_csv

ROWS = [("u1", "hi there", "ann", "s1", "sad"), ("u2", "oh no", "bob", "s2", "glad")]
HEADER = ("utterance", "text", "speaker", "session", "emotion")

Build = Callable[..., Params]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    monkeypatch.chdir(tmp_path)

    def made(rows: dict[str, Any] | None = None, header: tuple[str, ...] = HEADER, **union: Any) -> Params:
        parts = {"a": ROWS, "b": [(*row[:4], {"sad": "sadness", "glad": "glad"}[row[4]]) for row in ROWS]}
        for name, own in (parts | (rows or {})).items():
            write_csv(tmp_path / name / "manifest.csv", header, own)
            write_csv(tmp_path / name / "words.csv", ("utterance", "word", "start", "end"), [("u1", "hi", 0.1, 0.4)])
        common = {"task": "classification", "label": "emotion", "modalities": ["text"]}
        plain = common | {"reader": "manifest", "protocol": {"kind": "leave-one-group-out", "group": "session"}}
        both = common | {"reader": "union", "of": ["a", "b"], "protocol": {"kind": "leave-one-corpus-out"}}
        corpora = {"both": both | union, "a": plain | {"root": "a"}, "b": plain | {"root": "b"}}
        Path("params.yaml").write_text(yaml.safe_dump({"corpora": corpora}))
        return load_params(Path("params.yaml"))

    return made


def said(corpus: Corpus) -> list[str]:
    return [problem.message for problem in corpus.problems]


def test_equal_names_in_two_corpora_stay_apart(build: Build) -> None:
    found = gather(build().corpus("both"))
    table = found.utterances
    assert table["utterance"].tolist() == ["a:u1", "a:u2", "b:u1", "b:u2"]
    assert table["speaker"].tolist() == ["a:ann", "a:bob", "b:ann", "b:bob"]
    assert table["session"].tolist() == ["a:s1", "a:s2", "b:s1", "b:s2"]
    assert table["group"].nunique() == table["recording"].nunique() == 4
    assert table["corpus"].tolist() == ["a", "a", "b", "b"]
    assert table["text"].tolist() == ["hi there", "oh no"] * 2
    assert found.words[["utterance", "word", "start"]].to_numpy().tolist() == [["a:u1", "hi", 0.1], ["b:u1", "hi", 0.1]]


def test_what_divides_a_part_gives_the_groups_of_its_rows_that_have_none(build: Build) -> None:
    rows = [(f"u{i}", f"say {i}", "ann" if i < 3 else "bob", f"s{i}", "sad") for i in range(4)]
    params = build({"a": rows})
    by_speaker = yaml.safe_load(Path("params.yaml").read_text())
    by_speaker["corpora"]["a"]["protocol"] = {"kind": "leave-one-group-out", "group": "speaker"}
    Path("params.yaml").write_text(yaml.safe_dump(by_speaker))
    params = load_params(Path("params.yaml"))
    groups = gather(params.corpus("both")).utterances["group"].tolist()
    assert groups == ["a:ann", "a:ann", "a:ann", "a:bob", "b:s1", "b:s2"]
    write_csv(Path("a/manifest.csv"), (*HEADER, "group"), [(*row, "" if i else "pair") for i, row in enumerate(rows)])
    groups = gather(params.corpus("both")).utterances["group"].tolist()
    assert groups == ["a:pair", "a:ann", "a:ann", "a:bob", "b:s1", "b:s2"]


def test_a_column_of_one_corpus_is_empty_in_the_others(build: Build) -> None:
    params = build()
    write_csv(Path("b/manifest.csv"), (*HEADER, "gender", "split"), [(*ROWS[0], "f", "train"), (*ROWS[1], "", "test")])
    table = gather(params.corpus("both")).utterances
    assert table["gender"].tolist() == ["", "", "f", ""]
    assert table["split"].tolist() == ["", "", "train", "test"]
    assert table["order"].isna().all()


def test_labels_are_renamed_left_out_with_a_count_and_otherwise_kept(build: Build) -> None:
    found = gather(build(labels={"sadness": "sad", "glad": None, "gald": "x"}).corpus("both"))
    assert found.utterances[["utterance", "emotion"]].to_numpy().tolist() == [["a:u1", "sad"], ["b:u1", "sad"]]
    assert found.words["utterance"].tolist() == ["a:u1", "b:u1"]
    assert said(found) == [
        "labels: no utterance has the label 'gald'; did you mean 'glad'? Available: glad, sad, sadness",
        "labels: all utterances of a with the label 'glad' are left out (1)",
        "labels: all utterances of b with the label 'glad' are left out (1)",
    ]


def test_labels_that_not_all_corpora_have_are_named(build: Build) -> None:
    found = gather(build().corpus("both"))
    assert any("not all corpora have the labels sad (a), sadness (b)" in message for message in said(found))


def test_a_corpus_of_which_nothing_is_left_is_refused(build: Build) -> None:
    with pytest.raises(
        UserError, match="no utterance of b is left: all its labels are set to null in the setting `labels`"
    ):
        gather(build(labels={"sadness": None, "glad": None}).corpus("both"))


def test_a_part_may_have_one_label_only(build: Build) -> None:
    """By itself it could not be learnt from, which its reader says; in the union others have other labels."""
    params = build({"b": [(*row[:4], "calm") for row in ROWS]})
    assert [p.message for p in gather(params.corpus("b")).problems if "single" in p.message] == [
        "every emotion is 'calm': nothing can be learnt from a single class or score"
    ]
    found = gather(params.corpus("both"))
    assert not [p for p in found.problems if "single" in p.message or p.severity == "error"]
    assert found.utterances["emotion"].tolist() == ["sad", "glad", "calm", "calm"]


def test_a_column_of_the_same_name_is_refused(build: Build) -> None:
    header = ("utterance", "text", "speaker", "session", "corpus", "emotion")
    rows = [(*row[:4], "x", row[4]) for row in ROWS]
    with pytest.raises(UserError, match="a: a has a column 'corpus', which a union needs for itself: rename it"):
        gather(build({"a": rows, "b": rows}, header).corpus("both"))


def test_errors_of_a_part_are_those_of_the_union(build: Build) -> None:
    params = build({"b": [("u1", "hi", "ann", "s1", "sad"), ("u1", "oh", "bob", "s2", "glad")]})
    with pytest.raises(
        UserError, match=r"1 bad row, no table was written:\n.*b/manifest\.csv:3: utterance 'u1' is also in line 2"
    ):
        tabulate(params.corpus("both"), "both")


def test_what_is_not_an_error_in_a_published_corpus_is_none_in_the_union(build: Build) -> None:
    """An unreadable recording of a published corpus fails alone; that of a folder of one's own, too."""
    params = build()
    Path("r").mkdir()
    for name in ("03-01-04-01-01-01-01", "03-01-05-01-01-01-02"):
        Path("r", f"{name}.wav").write_bytes(b"not a recording")
    blocks = yaml.safe_load(Path("params.yaml").read_text())
    audio = {"modalities": ["audio"], "reader": "ravdess", "root": "r"}
    blocks["corpora"]["r"] = blocks["corpora"]["a"] | audio | {"protocol": {"kind": "group-kfold"}}
    blocks["corpora"]["both"] |= {"of": ["a", "r"]}
    Path("params.yaml").write_text(yaml.safe_dump(blocks))
    params = load_params(Path("params.yaml"))
    found = gather(params.corpus("both"))
    assert {problem.severity for problem in found.problems} == {"failed", "warning"}
    assert found.utterances["utterance"].tolist()[2:] == ["r:03-01-04-01-01-01-01", "r:03-01-05-01-01-01-02"]


def test_the_same_words_in_two_corpora_are_noticed(build: Build) -> None:
    params = build()
    validated = validate(params, "both")
    found = [problem.message for problem in validated.problems if problem.stops == "prepare"]
    assert any("tested utterances (4 of 4, 100.0%) have text that also occurs, word for word" in m for m in found)
    assert "b (2 utterances) is predicted by models that were trained on a (2 utterances)" in found
    assert str(validated).startswith("both: 4 utterances, 4 recordings")


def test_a_union_may_be_part_of_a_union(build: Build) -> None:
    params = build()
    blocks = yaml.safe_load(Path("params.yaml").read_text())
    write_csv(Path("c/manifest.csv"), HEADER, ROWS)
    blocks["corpora"]["c"] = blocks["corpora"]["a"] | {"root": "c"}
    blocks["corpora"]["all"] = blocks["corpora"]["both"] | {"of": ["both", "c"], "labels": {"sadness": "sad"}}
    Path("params.yaml").write_text(yaml.safe_dump(blocks))
    params = load_params(Path("params.yaml"))
    table = gather(params.corpus("all")).utterances
    assert table["utterance"].tolist()[:3] == ["both:a:u1", "both:a:u2", "both:b:u1"]
    assert table["corpus"].tolist() == ["both"] * 4 + ["c"] * 2
    assert set(table["emotion"]) == {"sad", "glad"}


def test_a_change_in_a_part_or_in_the_labels_is_told_apart_from_none(build: Build) -> None:
    params = build()
    tabulate(params.corpus("both"), "both")
    assert changed_sources(params, "both") == ""
    assert current(params, "both")
    Path("b/manifest.csv").write_text(Path("b/manifest.csv").read_text().replace("oh no", "oh yes"))
    assert "data/raw/both: b/manifest.csv changed since the last `crossmodal prepare --corpus both`" in changed_sources(
        params, "both"
    )
    assert not current(params, "both")
    tabulate(params.corpus("both"), "both")
    assert " labels changed since" in changed_sources(build(labels={"sadness": "sad"}), "both")


def test_scores_are_joined_as_they_are(build: Build) -> None:
    rows = [(*row[:4], score) for row, score in zip(ROWS, (0.5, -1), strict=True)]
    build({"a": rows, "b": rows})
    text = Path("params.yaml").read_text().replace("task: classification", "task: regression")
    Path("params.yaml").write_text(text)
    found = gather(load_params(Path("params.yaml")).corpus("both"))
    assert found.utterances["emotion"].tolist() == ["0.5", "-1"] * 2
    assert said(found) == []


def test_what_is_read_without_recordings_has_the_same_names(build: Build) -> None:
    params = build()
    assert read_corpus(params.corpus("both")).utterances["utterance"].tolist() == ["a:u1", "a:u2", "b:u1", "b:u2"]


def test_no_plugin_can_take_the_name() -> None:
    with pytest.raises(UserError, match="a corpus reader cannot be named 'union'"):
        register("union", lambda root, corpus: None)  # type: ignore[arg-type, return-value]
    assert "union" not in reader_names()
