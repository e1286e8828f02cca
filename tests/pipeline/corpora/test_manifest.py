"""The manifest reader: good rows arrive, every bad row is named by file, line, value and remedy."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpora.manifest import read
from pipeline.errors import UserError
from pipeline.params import CorpusParams, ProtocolParams
from pipeline.utterances import Corpus

HEADER = "media,utterance,start,end,text,speaker,emotion\n"


def settings(**changes: object) -> CorpusParams:
    protocol = ProtocolParams("group-kfold", 2, "speaker")
    base: dict[str, object] = {"reader": "manifest", "root": ".", "task": "classification", "label": "emotion"}
    return CorpusParams(**(base | {"modalities": ("text", "audio"), "protocol": protocol} | changes))  # type: ignore[arg-type]


def corpus(folder: Path, rows: str, header: str = HEADER, words: str = "", **changes: object) -> Corpus:
    (folder / "manifest.csv").write_text(header + rows, encoding="utf-8")
    if words:
        (folder / "words.csv").write_text(words, encoding="utf-8")
    return read(folder, settings(**changes))


GOOD = "a.mp4,u1,0,1.5,Hello there,s1,joy\na.mp4,u2,2,3,,s1,anger\nb.wav,,,,Well,s2,joy\nb.wav,,1,2,No,s2,anger\n"


def test_good_rows_arrive(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD)
    table = found.utterances
    assert not found.problems
    assert list(table["utterance"]) == ["u1", "u2", "b_1", "b_2"]
    assert list(table["recording"]) == ["a", "a", "b", "b"]
    assert list(table["start"]) == [0, 2, 0, 1]
    assert table["end"].isna().tolist() == [False, False, True, False]
    assert table.loc[0, "media"] == (tmp_path / "a.mp4").as_posix()
    assert list(table["group"]) == ["a", "a", "b", "b"]


def test_absolute_paths_and_further_columns_are_kept(tmp_path: Path) -> None:
    rows = "/clips/x.mp4,joy,07\n/clips/y.mp4,anger,08\n/clips/z.mp4,joy,08\n/clips/v.mp4,anger,07\n"
    found = corpus(tmp_path, rows, "media,emotion,actor\n", protocol=ProtocolParams("group-kfold", 2, "actor"))
    assert list(found.utterances["actor"]) == ["07", "08", "08", "07"]
    assert found.utterances.loc[0, "media"] == "/clips/x.mp4"


def test_names_are_as_short_as_tells_recordings_apart(tmp_path: Path) -> None:
    rows = "/x/s1/a.mp4,joy\n/x/s2/a.mp4,anger\n/x/s2/b.wav,joy\n/x/s2/b.mp4,anger\n"
    found = corpus(tmp_path, rows, "media,emotion\n", protocol=ProtocolParams("group-kfold", 2))
    assert list(found.utterances["recording"]) == ["s1/a", "s2/a", "s2/b.wav", "s2/b.mp4"]
    assert list(found.utterances["utterance"]) == ["s1_a", "s2_a", "s2_b.wav", "s2_b.mp4"]
    assert list(found.utterances["group"]) == list(found.utterances["recording"])


def test_text_with_commas_quotes_newlines_and_any_script(tmp_path: Path) -> None:
    rows = 'a.mp4,u1,,,"He said ""no"",\nthen\u2028left",s1,joy\nb.mp4,u2,,,日本語 ☃,s2,joy\n'
    rows += "c.mp4,u3,,,x,s2,anger\nd.mp4,u4,,,y,s1,anger\n"
    found = corpus(tmp_path, rows)
    assert not found.problems
    assert found.utterances.loc[0, "text"] == 'He said "no",\nthen\u2028left'
    assert found.utterances.loc[1, "line"] == 4


@pytest.mark.parametrize(
    ("row", "line", "message"),
    [
        ("a.mp4,u9,2,1,,s1,joy", 6, "end 1 is not after start 2"),
        ("a.mp4,u9,two,3,,s1,joy", 6, "start is 'two'"),
        ("a.mp4,u9,-1,3,,s1,joy", 6, "start is -1"),
        ("a.mp4,u9,0,inf,,s1,joy", 6, "end is 'inf'"),
        ("a.mp4,u1,0,1,,s1,joy", 6, "'u1' is also in line 2"),
        ("a.mp4,u9,0,1,,s1,", 6, "label column 'emotion' is empty"),
        ("a.mp4,u9,0,1,,s1,jyo", 6, "'jyo' occurs once.*did you mean 'joy'"),
        (",u9,0,1,,s1,joy", 6, "neither media nor text"),
        ("a.mp4,u9,0,1,,,joy", 6, "speaker is empty, but the protocol groups by it"),
    ],
)
def test_bad_rows_are_named(row: str, line: int, message: str, tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD + row + "\n")
    assert len(found.problems) == 1
    assert found.problems[0].line == line
    import re

    assert re.search(message, found.problems[0].message)


def test_all_bad_rows_are_listed_not_only_the_first(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD + "a.mp4,u9,3,1,,s1,joy\na.mp4,u10,x,1,,s1,joy\n")
    assert [problem.line for problem in found.problems] == [6, 7]


def test_a_single_label_is_refused(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD.replace("anger", "joy"))
    assert "nothing to tell apart" in found.problems[0].message


def test_a_score_must_be_a_number(tmp_path: Path) -> None:
    found = corpus(tmp_path, "a.mp4,u1,,,x,s1,0.5\nb.mp4,u2,,,x,s1,high\n", task="regression")
    assert "emotion is 'high'" in found.problems[0].message


def test_a_wrong_split_is_named(tmp_path: Path) -> None:
    rows = "a.mp4,joy,train\nb.mp4,anger,tset\nc.mp4,joy,test\nd.mp4,anger,test\n"
    found = corpus(tmp_path, rows, "media,emotion,split\n", protocol=ProtocolParams("official"))
    assert "did you mean 'test'" in found.problems[0].message


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("medias,emotion,speaker\n", "no column 'media'; did you mean 'medias'"),
        ("media,emotions,speaker\n", "no column 'emotion'; did you mean 'emotions'"),
        ("media,media,emotion,speaker\n", "the column 'media' twice"),
        ("media,emotion,speaker,recording\n", "'recording' is filled in"),
        ("media,emotion,who\n", "no column 'speaker'"),
    ],
)
def test_a_wrong_header_is_refused(header: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        corpus(tmp_path, "a.mp4,joy,s1\n", header)


def test_files_that_are_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no manifest\.csv"):
        read(tmp_path, settings())
    with pytest.raises(UserError, match="does not exist"):
        read(tmp_path / "nowhere", settings())
    (tmp_path / "manifest.csv").write_bytes(HEADER.encode() + b"a.mp4,u1,,,caf\xe9,s1,joy\n")
    with pytest.raises(UserError, match=r"manifest.csv:2: byte 0xe9 is no UTF-8"):
        read(tmp_path, settings())
    with pytest.raises(UserError, match="more cells than the header"):
        corpus(tmp_path, "a.mp4,u1,,,well, no,s1,joy\n")
    with pytest.raises(UserError, match="no rows"):
        corpus(tmp_path, "")


def test_words_are_read_and_checked(tmp_path: Path) -> None:
    words = "utterance,word,start,end\nu1,Hello,0.1,0.5\nu1,there,0.5,1.2\n"
    assert len(corpus(tmp_path, GOOD, words=words).words) == 2
    bad = words + "nobody,x,0,1\nu1,x,1,0.5\nu1,x,later,2\nu2,x,0.1,0.5\n"
    problems = corpus(tmp_path, GOOD, words=bad).problems
    assert [p.line for p in problems] == [4, 5, 6, 7]
    assert "'nobody' is not in manifest.csv" in problems[0].message
    assert "before its start" in problems[1].message
    assert "start is 'later'" in problems[2].message
    assert "outside its utterance" in problems[3].message


@given(spans=st.lists(st.tuples(st.floats(0, 1e4), st.floats(0.001, 100)), min_size=2, max_size=20))
def test_spans_come_through_exactly(spans: list[tuple[float, float]], tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = "".join(
        f"a.mp4,u{i},{s!r},{s + d!r},x,s{i % 2},{'joy' if i % 2 else 'anger'}\n" for i, (s, d) in enumerate(spans)
    )
    found = corpus(tmp_path_factory.mktemp("m"), rows)
    assert [(s, e) for s, e in zip(found.utterances["start"], found.utterances["end"], strict=True)] == [
        (s, s + d) for s, d in spans
    ]
