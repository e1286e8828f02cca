"""The manifest reader: good rows are read, every bad row is named by file, line, value and remedy."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.validation.protocol import PROTOCOLS, register
from pipeline.corpora.manifest import read
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, ProtocolParams

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


def test_good_rows_are_read(tmp_path: Path) -> None:
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


def test_recordings_have_the_shortest_unique_names(tmp_path: Path) -> None:
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
        ("a.mp4,u9,2,1,,s1,joy", 6, "end 1 is before start 2"),
        ("a.mp4,u9,two,3,,s1,joy", 6, "start is 'two'"),
        ("a.mp4,u9,-1,3,,s1,joy", 6, "start is -1"),
        ("a.mp4,u9,0,inf,,s1,joy", 6, "end is 'inf'"),
        ("a.mp4,u1,0,1,,s1,joy", 6, "'u1' is also in line 2"),
        ("a.mp4,u9,0,1,,s1,jyo", 6, "'jyo' occurs only once.*did you mean 'joy'"),
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


def test_a_single_label_is_noticed_and_keeps_nobody_from_features(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD.replace("anger", "joy"))
    assert reported(found, "error") == ""
    assert "every emotion is 'joy': nothing can be learnt from a single class or score" in reported(found)


@pytest.mark.parametrize("cell", ["", "NaN", "nan", "NA", "N/A", "None", "null", "#N/A", " nan "])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_rows_without_a_label_are_kept_and_counted(cell: str, task: str, tmp_path: Path) -> None:
    rows = GOOD.replace("anger", "1").replace("joy", "2") + f"c.mp4,u9,,,,s1,{cell}\nd.mp4,u10,,,,s1,{cell}\n"
    found = corpus(tmp_path, rows, task=task)
    assert len(found.utterances) == 6
    assert reported(found, "error") == ""
    assert (
        "2 of 6 rows have no label in the column 'emotion' (such as line 6): features are made, but nothing is learnt"
    ) in reported(found)


def test_a_corpus_whose_labels_are_all_missing_is_said_to_have_none(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD.replace("anger", "").replace("joy", ""))
    assert [problem.severity for problem in found.problems] == ["warning"]
    assert "no row has a label in the column 'emotion': features are made" in reported(found)


def test_no_label_is_needed_if_the_settings_name_none(tmp_path: Path) -> None:
    found = corpus(tmp_path, "a.mp4\nb.mp4\n", "media\n", label="", protocol=ProtocolParams("group-kfold"))
    assert not found.problems
    assert found.utterances["utterance"].tolist() == ["a", "b"]


def test_a_missing_column_of_speakers_or_labels_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        UserError,
        match=r"no column 'speaker'.*The protocol groups by it: add the column; or, if .*"
        r"set protocol\.group to 'group', .*, and speakers_unknown to true",
    ):
        corpus(tmp_path, "a.mp4,joy\n", "media,emotion\n")
    with pytest.raises(UserError, match=r"no column 'emotion'.*To go without labels, leave label empty"):
        corpus(tmp_path, "a.mp4,s1\n", "media,speaker\n")


def test_a_table_of_texts_alone_needs_no_column_of_recordings(tmp_path: Path) -> None:
    rows, header = "hi,s1,joy\nno,s2,anger\n", "text,speaker,emotion\n"
    assert corpus(tmp_path, rows, header).utterances["text"].tolist() == ["hi", "no"]
    with pytest.raises(UserError, match="has no column 'media'; did you mean 'file'"):
        corpus(tmp_path, rows.replace("hi,", "hi,a.mp4,").replace("no,", "no,b.mp4,"), "text,file,speaker,emotion\n")


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
        ("media,emotion,who\n", "no column 'speaker'"),
    ],
)
def test_a_wrong_header_is_refused(header: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        corpus(tmp_path, "a.mp4,joy,s1\n", header)


def test_files_that_are_not_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no manifest\.csv"):
        read(tmp_path, settings())
    with pytest.raises(UserError, match="does not exist"):
        read(tmp_path / "nowhere", settings())
    (tmp_path / "manifest.csv").write_bytes(HEADER.encode() + b"a.mp4,u1,,,caf\xe9,s1,joy\n")
    with pytest.raises(UserError, match=r"manifest.csv:2: byte 0xe9 is not valid UTF-8"):
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
    assert "outside the utterance" in problems[3].message


@given(spans=st.lists(st.tuples(st.floats(0, 1e4), st.floats(0.001, 100)), min_size=2, max_size=20))
def test_spans_are_kept_exactly(spans: list[tuple[float, float]], tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = "".join(
        f"a.mp4,u{i},{s!r},{s + d!r},x,s{i % 2},{'joy' if i % 2 else 'anger'}\n" for i, (s, d) in enumerate(spans)
    )
    found = corpus(tmp_path_factory.mktemp("m"), rows)
    assert [(s, e) for s, e in zip(found.utterances["start"], found.utterances["end"], strict=True)] == [
        (s, s + d) for s, d in spans
    ]


def reported(found: Corpus, severity: str = "warning") -> str:
    return "\n".join(str(problem) for problem in found.problems if problem.severity == severity)


def test_times_by_the_clock_are_read_and_the_notice_says_how(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD.replace("u2,2,3,", 'u2,00:02,"00:00:03,250",'))
    assert found.utterances["start"].tolist() == [0, 2, 0, 1]
    assert found.utterances["end"].tolist()[1] == 3.25
    assert [p.severity for p in found.problems] == ["warning"]
    assert "start, end: 2 times with colons are read by the clock: '00:02' as 2 s" in reported(found)


def test_names_of_columns_are_stripped_and_folded(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD, "Media, Utterance , START,End,\ufeffText,Speaker,EMOTION\n")
    assert not found.problems
    assert list(found.utterances["start"]) == [0, 2, 0, 1]
    assert list(found.utterances["emotion"]) == ["joy", "anger", "joy", "anger"]
    assert list(found.utterances["speaker"]) == ["s1", "s1", "s2", "s2"]


def test_a_group_column_that_is_ours_in_another_spelling_fills_ours_too(tmp_path: Path) -> None:
    header = HEADER.replace("speaker", "Speaker")
    found = corpus(tmp_path, GOOD, header, protocol=ProtocolParams("group-kfold", 2, "Speaker"))
    assert list(found.utterances["Speaker"]) == list(found.utterances["speaker"]) == ["s1", "s1", "s2", "s2"]


@pytest.mark.parametrize(
    ("old", "new"), [("speaker", "speaker_id"), ("utterance", "utt_id"), ("text", "transcript"), ("start", "onset")]
)
def test_a_column_named_almost_like_ours_is_warned_about(old: str, new: str, tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD, HEADER.replace(old, new), protocol=ProtocolParams("group-kfold", 2))
    assert f"the column {new!r} is not read; did you mean {old!r}" in reported(found)


@pytest.mark.parametrize(("name", "meant"), [("file", "media"), ("Video_Path", "media"), ("mood", "emotion")])
def test_a_needed_column_of_another_name_is_refused(name: str, meant: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"has no column '{meant}'.*{name}"):
        corpus(tmp_path, GOOD, HEADER.replace(meant, name))


def test_rows_of_one_span_are_an_error_if_an_unread_column_distinguishes_them(tmp_path: Path) -> None:
    rows = "a.mp4,0,1,joy\na.mp4,1,2,anger\nb.mp4,0,2,joy\nb.mp4,2,4,anger\n"
    kind = ProtocolParams("group-kfold", 2)
    found = corpus(tmp_path, rows, "media,start_time,end_time,emotion\n", protocol=kind)
    assert "2 rows cover the same part of a recording" in reported(found, "error")
    assert "lines 2 and 3" in reported(found, "error")
    assert "rename the column 'start_time' to 'start', in seconds" in reported(found, "error")
    found = corpus(tmp_path, rows, "media,page,line_no,emotion\n", protocol=kind)
    assert not reported(found, "error")
    assert "2 rows cover the same part of a recording" in reported(found)


def test_the_same_span_in_other_regions_tracks_or_files_is_accepted(tmp_path: Path) -> None:
    rows = "a.mp4,0,2,0 0 0.5 1,joy\na.mp4,0,2,0.5 0 1 1,anger\nb.mp4,0,2,,joy\nc.mp4,0,2,,anger\n"
    found = corpus(tmp_path, rows, "media,start,end,region,emotion\n", protocol=ProtocolParams("group-kfold", 2))
    assert not found.problems


def test_names_are_text_and_stripped(tmp_path: Path) -> None:
    rows = 'a.mp4," 1.10",1.1,x,joy\na.mp4,1.1,1.10,y,anger\na.mp4,2e1,20,z,joy\na.mp4,\u00a020,2e1 ,w,anger\n'
    found = corpus(tmp_path, rows, "media,utterance,speaker,text,emotion\n")
    assert list(found.utterances["utterance"]) == ["1.10", "1.1", "2e1", "20"]
    assert list(found.utterances["speaker"]) == ["1.1", "1.10", "20", "2e1"]
    assert "differ only in spelling" not in reported(found)


def test_invisible_characters_do_not_belong_to_a_name(tmp_path: Path) -> None:
    rows = "a.mp4,u1\u200b,s1,x,joy\na.mp4,\ufeffu2,s1\u200b,y,anger\u200b\n"
    found = corpus(tmp_path, rows, "media,utterance,speaker,text,emotion\n")
    assert list(found.utterances["utterance"]) == ["u1", "u2"]
    assert set(found.utterances["speaker"]) == {"s1"}
    assert list(found.utterances["emotion"]) == ["joy", "anger"]


@pytest.mark.parametrize("label", ["feeling-{}", "{} " + "as was said before " * 20])
def test_thousands_of_labels_that_occur_once_are_reported_quickly(label: str, tmp_path: Path) -> None:
    rows = "".join(f"a{i}.mp4,{label.format(i)}\n" for i in range(1500))
    found = corpus(tmp_path, rows, "media,emotion\n", protocol=ProtocolParams("group-kfold", 2))
    assert len(found.problems) == 1500
    assert (
        "cannot be both in training and in testing; did you mean 'feeling-" in str(found.problems[0])
        or "as was" in label
    )
    assert len(reported(found)) < 3 * len(rows) + 1_000_000


def test_a_score_with_a_comma_is_refused_in_one_sentence(tmp_path: Path) -> None:
    rows = 'a.mp4,"0,5"\nb.mp4,soon\nc.mp4,1\n'
    found = corpus(tmp_path, rows, "media,emotion\n", task="regression", protocol=ProtocolParams("group-kfold", 2))
    assert "emotion is '0,5': write it with a decimal point, 0.5" in reported(found, "error")
    assert "emotion is 'soon', but a score must be a number" in reported(found, "error")


def test_a_class_named_none_is_kept_with_a_warning(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD.replace("anger", "none"))
    assert not reported(found, "error")
    assert "'none' counts as a class" in reported(found)


@pytest.mark.parametrize("other", ["Joy", "JOY", "j oy", "jo\u200by", "ｊoy"])
def test_labels_that_differ_only_in_spelling_are_warned_about(other: str, tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD + f"c.mp4,u5,,,x,s1,{other}\nd.mp4,u6,,,y,s1,{other}\n")
    assert not reported(found, "error")
    assert "emotion: 'joy' (2 rows) and " in reported(found)
    assert "differ only in spelling" in reported(found)


def test_scores_may_be_spelt_in_several_ways(tmp_path: Path) -> None:
    assert not corpus(tmp_path, "a.mp4,u1,,,x,s1,1\nb.mp4,u2,,,x,s1,1.0\n", task="regression").problems


def test_speakers_and_groups_spelt_in_two_ways_or_like_missing_cells_are_warned_about(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD.replace("2,3,,s1", "2,3,,S1").replace("Well,s2", "Well,nan"))
    assert "speaker: 's1' (1 row) and 'S1' (1 row) differ only in spelling" in reported(found)
    assert "speaker: 'nan' (1 row) counts as a name" in reported(found)


@pytest.mark.parametrize(("columns", "said"), [("start,duration", True), ("start,end,duration", False)])
def test_a_duration_in_place_of_an_end_is_warned_about(columns: str, said: bool, tmp_path: Path) -> None:
    times = ",".join("0" if name == "start" else "1" for name in columns.split(","))
    rows = "".join(
        f"{name}.mp4,Hello,s1,{mood},{times}\n" for name, mood in zip("abcd", ["joy", "anger"] * 2, strict=True)
    )
    found = corpus(tmp_path, rows, f"media,text,speaker,emotion,{columns}\n")
    assert "the column 'duration' is left out" in reported(found)
    assert ("write their ends in a column end: now they end with the recording" in reported(found)) is said


def test_dates_that_a_spreadsheet_made_of_names_are_warned_about(tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD.replace("2,3,,s1", "2,3,,2026-01-02 00:00:00"))
    assert "speaker: '2026-01-02 00:00:00' (1 row) is a date: if a spreadsheet made it of another" in reported(found)


@pytest.mark.parametrize(("scores", "codes"), [(("-2", "1.5", "999", "-99"), 2), (("0", "100", "99", "9"), 0)])
def test_codes_for_missing_scores_are_warned_about(scores: tuple[str, ...], codes: int, tmp_path: Path) -> None:
    rows = "".join(f"a{i}.mp4,{score}\n" for i, score in enumerate(scores))
    found = corpus(tmp_path, rows, "media,emotion\n", task="regression", protocol=ProtocolParams("group-kfold", 2))
    said = [p.message for p in found.problems if "counts as a score" in p.message]
    assert len(said) == codes
    assert not codes or said[0].startswith(
        "emotion: '999' (1 row) counts as a score, but all others are from -2 to 1.5"
    )


def test_intervals_as_annotators_write_them_are_accepted(tmp_path: Path) -> None:
    rows = "a.mp4,u1,-0.48,1.5,x,s1,joy\na.mp4,u2,2,2,y,s1,anger\nb.mp4,u3,-2,-1,z,s2,joy\nb.mp4,u4,-1,,w,s2,anger\n"
    found = corpus(tmp_path, rows)
    assert not reported(found, "error")
    assert list(found.utterances["start"]) == [0, 2, 0, 0]
    assert list(found.utterances["end"])[:3] == [1.5, 2, 0]
    assert [p.line for p in found.problems] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('a.mp4,u9,"1,500",3,x,s1,joy', r"start is '1,500', but the comma may be .*: write 1\.500 or 1500"),
        ("a.mp4,u9,0:1.5,3,x,s1,joy", r"start is '0:1\.5', but a clock shows .*: write 0:01\.5 if"),
        ("a.mp4,u9,1_0,30,x,s1,joy", "start is '1_0', but must be a time: seconds"),
        ("a.mp4,u9,0,1,no\0never,s1,joy", "text holds a NUL character after 'no'"),
        ("a.mp4,u\0,0,1,x,s1,joy", "utterance holds a NUL character"),
        ("a\0.mp4,u9,0,1,x,s1,joy", "media holds a NUL character"),
        ("a.mp4,u9,0,1,x,s1\x1b[31m,joy", r"speaker holds the control character U\+001B"),
        ('a.mp4,"u\n9",0,1,x,s1,joy', r"utterance holds the control character U\+000A"),
    ],
)
def test_bad_cells_are_named_by_line_and_value(row: str, message: str, tmp_path: Path) -> None:
    found = corpus(tmp_path, GOOD + row + "\n")
    (problem,) = found.problems
    assert problem.line in (6, 7)
    import re

    assert re.search(message, problem.message)


@pytest.mark.parametrize(("cell", "split"), [("Train", "train"), ("TEST", "test"), (" valid ", "valid")])
def test_splits_in_any_case(cell: str, split: str, tmp_path: Path) -> None:
    rows = f"a.mp4,joy,{cell}\nb.mp4,anger,test\nc.mp4,joy,test\nd.mp4,anger,train\n"
    found = corpus(tmp_path, rows, "media,emotion,split\n", protocol=ProtocolParams("official"))
    assert not found.problems
    assert found.utterances.loc[0, "split"] == split


def test_the_split_that_was_probably_meant_is_named(tmp_path: Path) -> None:
    rows = "a.mp4,joy,dev\nb.mp4,anger,test\nc.mp4,joy,test\nd.mp4,anger,train\n"
    found = corpus(tmp_path, rows, "media,emotion,split\n", protocol=ProtocolParams("official"))
    assert "the part 'dev' is read as valid" in reported(found, "warning")
    assert list(found.utterances["split"]) == ["valid", "test", "test", "train"]
    found = corpus(
        tmp_path, rows.replace("train", "trian"), "media,emotion,split\n", protocol=ProtocolParams("official")
    )
    assert "did you mean 'train'" in reported(found, "error")


@pytest.mark.parametrize("name", ["Manifest.csv", "manifest.tsv", "manifest.csv.csv", "manifset.csv"])
def test_a_manifest_of_another_name_is_suggested(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(HEADER + GOOD)
    with pytest.raises(UserError, match=f"did you mean '{name}'"):
        read(tmp_path, settings())


def test_the_same_rules_hold_without_a_label(tmp_path: Path) -> None:
    kind = ProtocolParams("group-kfold")
    found = corpus(tmp_path, "a.mp4,-1,2,x\n", "media,START,end,text\n", label="", protocol=kind)
    assert list(found.utterances["start"]) == [0]
    assert "start is -1 s" in reported(found)


@pytest.mark.parametrize("column", ["Region", "Sound", "Order", "Start", "END", "Audio_Channel"])
def test_a_column_with_another_meaning_is_an_ordinary_one(column: str, tmp_path: Path) -> None:
    rows = "".join(f"{n}.mp4,{n},s{n % 2},{('joy', 'anger')[n // 2]},{('north', 'south')[n % 2]}\n" for n in range(4))
    header = "media,utterance,speaker,emotion,"
    found = corpus(tmp_path, rows, f"{header}{column}\n")
    assert not reported(found, "error")
    assert f"the column {column!r} is not read as {column.lower()!r}, which holds" in reported(found, "warning")
    assert "did you mean" not in reported(found, "warning")
    assert list(found.utterances[column]) == ["north", "south", "north", "south"]
    found = corpus(tmp_path, rows, f"{header}{column.lower()}\n")
    (problem,) = found.problems
    assert problem.severity == "error"
    assert "holds 'north': rename it if it means something else" in problem.message


def test_a_single_wrong_region_is_reported(tmp_path: Path) -> None:
    rows = "a.mp4,s1,joy,0 0 0.5 1\nb.mp4,s2,joy,north\nc.mp4,s1,anger,\nd.mp4,s2,anger,\n"
    (problem,) = corpus(tmp_path, rows, "media,speaker,emotion,Region\n").problems
    assert (problem.line, "is not a region: write 'left top right bottom'" in problem.message) == (3, True)


@pytest.mark.parametrize("column", ["duration", "line", "recording", "media_sha256"])
@pytest.mark.parametrize("label", ["emotion", ""])
def test_columns_that_prepare_makes_are_left_out(column: str, label: str, tmp_path: Path) -> None:
    rows = "a.mp4,s1,joy,2\nb.mp4,s2,joy,2\nc.mp4,s1,anger,2\nd.mp4,s2,anger,2\n"
    found = corpus(tmp_path, rows, f"media,speaker,emotion,{column}\n", label=label)
    assert not reported(found, "error")
    assert f"the column {column!r} is left out" in reported(found, "warning")
    assert "2" not in found.utterances.get(column, []).astype(str).tolist()[1:]
    with pytest.raises(UserError, match=f"'{column}' is filled in by"):
        corpus(tmp_path, rows, f"media,speaker,emotion,{column}\n", protocol=ProtocolParams("group-kfold", 2, column))


WORDS_OF_SPLITS = [("train", "dev", "test"), ("Training", "val", "testing"), ("trn", "Validation", "eval")]


@pytest.mark.parametrize("kind", ["official", "crossfit", "group-kfold", "leave-one-group-out"])
@pytest.mark.parametrize("words", WORDS_OF_SPLITS)
def test_other_words_for_splits_are_read(words: tuple[str, str, str], kind: str, tmp_path: Path) -> None:
    rows = "".join(f"{n}.mp4,s{n % 3},{('joy', 'anger')[n % 2]},{words[n % 3]}\n" for n in range(6))
    found = corpus(tmp_path, rows, "media,speaker,emotion,split\n", protocol=ProtocolParams(kind, 2, "speaker"))
    assert not reported(found, "error")
    assert f"the part {words[1]!r} is read as valid" in reported(found, "warning")
    assert list(found.utterances["split"]) == ["train", "valid", "test"] * 2


@pytest.mark.parametrize(("kind", "errors"), [("group-kfold", 0), ("leave-one-group-out", 0), ("official", 4)])
def test_unknown_splits_matter_only_to_protocols_with_splits(kind: str, errors: int, tmp_path: Path) -> None:
    rows = "".join(f"{n}.mp4,s{n % 3},{('joy', 'anger')[n % 2]},{('fold3', '1', 'train')[n % 3]}\n" for n in range(6))
    found = corpus(tmp_path, rows, "media,speaker,emotion,split\n", protocol=ProtocolParams(kind, 2, "speaker"))
    assert len([problem for problem in found.problems if problem.severity == "error"]) == errors
    if not errors:
        assert list(found.utterances["split"]) == ["", "", "train"] * 2
        assert (
            f"'fold3' is not one of train, valid, test and is ignored: the protocol {kind} does not need splits"
            in reported(found, "warning")
        )


def test_similar_names_are_not_reported_again_for_imported_features(tmp_path: Path) -> None:
    rows = "u1,s1,joy,a.wav,0\nu2,s2,joy,b.wav,0\nu3,s1,anger,c.wav,0\nu4,s2,anger,d.wav,0\n"
    header = "utterance,speaker,emotion,filename,start_time\n"
    imported = {"modalities": ("audio",), "features": {"audio": ("f",)}}
    assert not corpus(tmp_path, rows, header, **imported).problems
    found = corpus(tmp_path, rows, header, **imported, label="")  # predict: nothing was reported before
    assert "did you mean 'media'" in reported(found, "warning")
    found = corpus(tmp_path, rows.replace("a.wav", "x"), header.replace("filename", "media"), **imported)
    assert "did you mean 'start'" in reported(found, "warning")


@pytest.mark.parametrize("needs", [True, False])
def test_a_protocol_of_a_plugin_says_whether_it_needs_groups(
    needs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PROTOCOLS, "_entries", dict(PROTOCOLS.items()))
    register("halves", lambda table, _: [], needs_groups=needs)
    rows = "a.mp4,joy,07\nb.mp4,anger,\n"
    found = corpus(tmp_path, rows, "media,emotion,actor\n", protocol=ProtocolParams("halves", 2, "actor"))
    reported = (
        "the cell of the column actor is empty, but the protocol groups by it: fill in the cell, or set "
        "protocol.group to 'group'; a recording without a group then forms its own"
    )
    assert [problem.message for problem in found.problems if "groups" in problem.message] == [reported] * needs
