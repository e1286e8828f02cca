"""Corpora gathered from odd manifests, words and paths: what is in the tables and streams, and what is reported."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.conftest import shell
from tests.pipeline.corpora.tones import settled, table, tone


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tone(tmp_path / "data/raw/c/one.wav")
    settled("text, audio")
    return tmp_path / "data" / "raw" / "c"


def call(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output
    return done


def statuses(stream: str) -> list[str]:
    with h5py.File(f"data/work/c/streams/{stream}.h5") as file:
        return [str(status) for status in file["status"].asstr()[:]]


def test_columns_in_any_spelling_reach_the_table(root: Path) -> None:
    rows = "one.wav,1,0,1,hello,g1\none.wav,2,1,2,there,g2\n"
    (root / "manifest.csv").write_text("Media,emotion, start, END,text,Group\n" + rows)
    call("prepare")
    assert table()["start"].tolist() == ["0.000000", "1.000000"]
    assert table()["end"].tolist() == ["1.000000", "2.000000"]


def test_spans_without_length_are_empty_and_do_not_fail(root: Path) -> None:
    rows = "one.wav,1,-0.5,0.9,a,g1\none.wav,2,0.5,0.5,b,g1\none.wav,1,-2,-1,c,g2\none.wav,2,0.5,2,d,g2\n"
    (root / "manifest.csv").write_text("media,emotion,start,end,text,group\n" + rows)
    done = call("prepare")
    assert done.stderr.count("start is -") == 2
    assert "start and end are both 0.5 s" in done.stderr
    call("preprocess", "--workers", "0")
    assert statuses("audio") == ["ok", "empty", "empty", "ok"]
    assert statuses("text") == ["ok"] * 4


def test_words_beyond_a_recording_whose_end_was_not_given(root: Path) -> None:
    (root / "manifest.csv").write_text("media,emotion,utterance,text\none.wav,1,a,kids\none.wav,2,b,kids\n")
    (root / "words.csv").write_text("utterance,word,start,end\na,kids,99,100\nb,kids,2.9,3.3\n")
    assert "words.csv:2: the word 'kids' at 99 s lies 96.00 s outside" in call("prepare", code=1).stderr
    (root / "words.csv").write_text("utterance,word,start,end\na,kids,3.2,3.4\nb,kids,2.9,3.3\n")
    assert (
        "1 word is kept, although it lies up to 0.20 s outside the utterance, which ends with the recording"
        in call("prepare").stderr
    )


def test_words_without_times_are_counted_and_kept_apart_from_timed_ones(root: Path) -> None:
    rows = "one.wav,1,a,0,2,in 2024 hello,g1\none.wav,2,b,2,3,well,g2\n"
    (root / "manifest.csv").write_text("media,emotion,utterance,start,end,text,group\n" + rows)
    (root / "words.csv").write_text("utterance,word,start,end\na,in,0.5,0.7\na,2024,,\na,hello,1.5,1.9\nb,well,,\n")
    assert "2 timed words and 2 without times" in call("prepare").stdout
    call("preprocess", "--workers", "0")
    with h5py.File("data/work/c/streams/text.h5") as file:
        np.testing.assert_allclose(file["times"][:], [[0.5, 0.7], [np.nan] * 2, [1.5, 1.9], [np.nan] * 2], atol=1e-9)
    assert ["c", "prepare", "1/1", "0", "0", "0"] in [line.split() for line in call("status").stdout.splitlines()]
    assert "2 timed words and 2 without times" in call("validate", "c", code=1).stdout  # one recording, two groups


def test_links_that_lead_nowhere_are_failed_rows(root: Path) -> None:
    (root / "loop.wav").symlink_to("loop.wav")
    (root / "ab.wav").symlink_to("ba.wav")
    (root / "ba.wav").symlink_to("ab.wav")
    (root / "gone.wav").symlink_to("nowhere.wav")
    (root / "inside").symlink_to("inside")
    (root / "folder.wav").mkdir()
    (root / "good.wav").symlink_to("one.wav")
    names = ("one", "loop", "ab", "gone", "inside/one", "folder", "good")
    rows = [f"{name}.wav,{i % 2},g{i % 3}\n" for i, name in enumerate(names)]
    (root / "manifest.csv").write_text("media,emotion,group\n" + "".join(rows))
    settled("audio")
    done = call("validate", "c", code=3)
    assert "loop.wav is a symbolic link that leads to itself" in done.stdout
    assert "(it is a symbolic link to 'nowhere.wav', which leads nowhere)" in done.stdout
    assert "folder.wav is a folder" in done.stdout
    call("prepare")
    call("preprocess", "--workers", "0")
    assert statuses("audio") == ["ok", "failed", "failed", "failed", "failed", "failed", "ok"]


def test_the_file_that_was_probably_meant_is_named(root: Path) -> None:
    rows = "ONE.wav,1,g1\none,2,g2\n.\\one.wav,1,g3\ndata/raw/c/one.wav,2,g4\none.wav,1,g5\n"
    (root / "manifest.csv").write_text("media,emotion,group\n" + rows)
    settled("audio")
    assert call("validate", "c", code=3).stdout.count("(did you mean 'one.wav'?)") == 4


def test_thousands_of_lost_recordings_are_a_few_lines(root: Path) -> None:
    rows = "".join(f"lost{i}.wav,{i % 2},g{i % 5}\n" for i in range(2000))
    (root / "manifest.csv").write_text("media,emotion,group\n" + rows)
    settled("audio")
    for command, code in (("prepare", 0), ("validate", 3)):
        done = call(command, *(["c"] if code else []), code=code)
        assert "1990 more of severity 'failed': all 2000 are in data/work/c/problems.txt" in done.output
        assert len(done.output.splitlines()) < 20
    assert len(Path("data/work/c/problems.txt").read_text().splitlines()) == 2000


def test_thousands_of_bad_rows_are_a_few_lines(root: Path) -> None:
    (root / "manifest.csv").write_text("text,emotion\n" + "".join(f"w{i},bad{i}\n" for i in range(500)))
    settled("text")
    done = call("prepare", code=1)
    assert "all 500 are in data/work/c/problems.txt" in done.stderr
    assert len(done.stderr.splitlines()) < 20


def test_an_error_that_stops_only_training_does_not_stop_prepare(root: Path) -> None:
    (root / "manifest.csv").write_text("utterance,emotion,text,group\na,1,o,g1\nb,2,p,g1\nc,1,q,g1\nd,2,r,g1\n")
    settled("text")
    done = call("validate", "c", code=1)
    assert "every utterance has the value 'g1' in the column 'group'" in done.stdout
    assert "nothing can be prepared" not in done.output
    assert "it can be prepared, but not trained on" in done.stderr
    call("prepare")


def test_groups_are_those_of_the_protocol(root: Path) -> None:
    rows = "".join(f"u{i},{i % 2},w{i},g{i},s{i % 3}\n" for i in range(6))
    (root / "manifest.csv").write_text("utterance,emotion,text,group,actor\n" + rows)
    settled("text")
    assert " 6 groups," in call("validate", "c").stdout
    settled("text", "actor")
    assert " 3 groups," in call("validate", "c").stdout
    assert " 3 groups," in call("prepare").stdout


def test_unprintable_characters_are_shown_by_their_codes(root: Path) -> None:
    rows = "utterance,emotion,text,group\na,日本,x,g1\nb,joy,y,g1\nc,日本,z,g2\nd,joy,w,g2\n"
    (root / "manifest.csv").write_text(rows, encoding="utf-8")
    settled("text", task="classification")
    done = shell("validate", "c", cwd=root.parents[2], env={"PYTHONIOENCODING": "iso8859-1"})
    assert "2 joy, 2 \\u65e5\\u672c" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_recording_without_read_permission_is_a_failed_row(root: Path) -> None:
    tone(root / "locked.wav")
    (root / "locked.wav").chmod(0)
    (root / "manifest.csv").write_text("media,emotion,group\none.wav,1,g1\nlocked.wav,2,g2\n")
    settled("audio")
    assert "locked.wav" in call("prepare").stderr
    call("preprocess", "--workers", "0")
    assert statuses("audio") == ["ok", "failed"]


@pytest.mark.parametrize("rows", ["one.wav,,,1\none.wav,0,3,2\n", "one.wav,1,,1\n./one.wav,1,2.98,2\n",
                                  "one.wav,,3.4,1\none.wav,-1,,2\n"])  # fmt: skip
def test_a_repeated_part_is_noticed_once_its_end_is_known(rows: str, root: Path) -> None:
    tone(root / "two.wav")
    (root / "manifest.csv").write_text("media,start,end,emotion\n" + rows + "two.wav,0,3,1\ntwo.wav,0,1,2\n")
    settled("audio")
    message = call("prepare").output
    assert message.count("1 row covers the same part of a recording as an earlier row, such as lines 2 and 3") == 1


def test_repeated_parts_are_reported_once(root: Path) -> None:
    (root / "manifest.csv").write_text("media,start,end,emotion\none.wav,0,3,1\none.wav,0,3,2\none.wav,1,2,2\n")
    settled("audio")
    assert call("prepare").output.count("the same part") == 1
