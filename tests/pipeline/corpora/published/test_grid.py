"""GRID from the names of its clips and its .align files."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.corpora.problems import Problem
from pipeline.corpora.published.grid import read, timed_words
from pipeline.corpora.reading import read_corpus
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from tests.conftest import DATA, needs_data

SETTINGS = CorpusParams(
    "grid", "", "classification", "command", ("text", "audio", "video"), ProtocolParams("group-kfold", group="speaker")
)


@needs_data
def test_real_clips_are_named_by_their_sentences_and_timed_by_their_align_files() -> None:
    found = read(DATA / "grid/s1", SETTINGS)
    table = found.utterances.set_index("utterance")
    assert len(table) == 40
    assert table.loc["s1_bbaf2n", ["text", "speaker", "command", "colour", "digit"]].tolist() == [
        "bin blue at f two now",
        "s1",
        "bin",
        "blue",
        "two",
    ]
    for utterance, words in found.words.groupby("utterance"):
        assert " ".join(words["word"]) == table.loc[utterance, "text"]
        assert (words["end"].to_numpy() > words["start"].to_numpy()).all()
        assert 0 < words["start"].min() < words["end"].max() < 3


def test_talkers_and_align_files_are_matched_by_folder(tmp_path: Path) -> None:
    for talker, end in (("s1", 25000), ("s2", 50000)):
        (tmp_path / talker / "video").mkdir(parents=True)
        (tmp_path / talker / "video" / "lgbz9s.mpg").touch()
        (tmp_path / talker / "align").mkdir()
        (tmp_path / talker / "align" / "lgbz9s.align").write_text(f"0 12500 sil\n12500 {end} lay\n")
    found = read(tmp_path, SETTINGS)
    assert found.utterances["utterance"].tolist() == ["s1_lgbz9s", "s2_lgbz9s"]
    assert found.utterances["text"].unique().tolist() == ["lay green by z nine soon"]
    assert found.words[["utterance", "word", "start", "end"]].to_numpy().tolist() == [
        ["s1_lgbz9s", "lay", 0.5, 1.0],
        ["s2_lgbz9s", "lay", 0.5, 2.0],
    ]


def test_clips_whose_folder_does_not_name_their_talker_are_warned_about(tmp_path: Path) -> None:
    for name in ("s1/lgbz9s", "speakers/bbaf2n", "speakers/lgbz9s"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.mpg").touch()
    found = read(tmp_path, SETTINGS)
    assert found.utterances["speaker"].tolist() == ["speakers", "s1", "speakers"]
    (warning,) = [p.message for p in found.problems if "count as one talker" in p.message]
    assert warning.startswith("2 clips in speakers count as one talker")


def test_alignments_in_the_folder_of_another_talker_go_to_the_talker_whose_sentences_they_name(tmp_path: Path) -> None:
    said = {"s5": ("bbaf2n", "lgbz9s"), "s6": ("bbaf2n", "pwij3p")}
    for (talker, names), folder in zip(said.items(), ("s6", "s5"), strict=True):
        (tmp_path / talker).mkdir()
        (tmp_path / "alignments" / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / talker / f"{name}.mpg").touch()
            (tmp_path / "alignments" / folder / f"{name}.align").write_text(f"0 {talker[1]}0000 word\n")
    found = read(tmp_path, SETTINGS)
    assert found.words.set_index("utterance")["end"].to_dict() == {
        "s5_bbaf2n": 2.0,
        "s5_lgbz9s": 2.0,
        "s6_bbaf2n": 2.4,
        "s6_pwij3p": 2.4,
    }
    assert sum("names the sentences of talker" in p.message for p in found.problems) == 2


def test_what_is_read_passes_the_checks_of_a_corpus(tmp_path: Path) -> None:
    for name in ("bbaf2n", "lgbz9s"):
        (tmp_path / f"{name}.mpg").touch()
    table = read_corpus(replace(SETTINGS, root=str(tmp_path))).utterances
    assert table["group"].tolist() == table["recording"].tolist() == table["utterance"].tolist()


def test_w_is_no_letter_and_q_is_no_command(tmp_path: Path) -> None:
    for name in ("bbaf2n", "bbaw2n", "qbaf2n"):
        (tmp_path / f"{name}.mpg").touch()
    errors = [str(p) for p in read(tmp_path, SETTINGS).problems if p.severity == "error"]
    assert len(errors) == 2
    assert any("the corpus has no letter 'w'" in e for e in errors)
    assert any("the corpus has no command 'q', only b, l, p, s" in e for e in errors)


@pytest.mark.parametrize("line", ["0 sil", "a 10 bin", "0 1.5 bin"])
def test_a_line_that_is_no_timed_word_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "bbaf2n.align"
    path.write_text(f"0 25000 bin\n{line}\n")
    bad: list[Problem] = []
    assert list(timed_words(path, bad)) == [("bin", 0.0, 1.0)]
    assert [(p.line, p.severity) for p in bad] == [(2, "error")]
    assert repr(line) in str(bad[0])
