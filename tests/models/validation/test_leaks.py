import tracemalloc

import numpy as np
import pandas as pd
import pytest

from models.errors import LeakError
from models.validation.columns import Contents
from models.validation.leaks import leak_guard
from models.validation.protocol import Fold
from tests.models.validation.sheets import HALVES, planted, sheet


def test_clean_folds_pass_without_notices():
    assert leak_guard(HALVES, sheet(), by="speaker") == ()


@pytest.mark.parametrize("column", ["group", "recording", "media", "media_sha256"])
def test_one_source_on_both_sides_fails_and_names_examples(column):
    with pytest.raises(LeakError, match=rf"test: the same {column} \('same'\).*trained on u1; tested on u6"):
        leak_guard(HALVES, planted(column, "same"))
    assert leak_guard(HALVES, planted(column, "")) == ()  # two empty cells do not match
    assert leak_guard(HALVES, planted(column, "same", rows=(1, 2))) == ()  # both in training


def test_the_protocols_own_column_is_checked():
    table = sheet(session=["a", "a", "b", "b", "b", "c", "c", "c"])
    with pytest.raises(LeakError, match="the same session"):
        leak_guard(HALVES, table, by="session")
    leak_guard(HALVES, table)


def test_a_speaker_on_both_sides_fails_if_grouped_by_and_is_noticed_otherwise():
    table = planted("speaker", "ross")
    with pytest.raises(LeakError, match="the same speaker"):
        leak_guard(HALVES, table, by="speaker")
    (notice,) = leak_guard(HALVES, table, by="group")
    assert "speakers are in both training and test: ross" in notice


def segmented(rows=(1, 6), **columns):
    """Return a table in which rows have the same words at the same times."""
    table = planted("text", "Well, well.", rows)
    table.loc[list(rows), "end"] = 3.5
    return table.assign(**columns)


def read(empty=(), digests=(), distinctive=(), voices=(), pictures=(), still=(), reads_voice=True):
    texts = [np.full(8, "", object) for _ in range(3)]
    for column, given in zip(texts, (digests, voices, pictures), strict=True):
        column[[row for row, _ in given]] = [digest for _, digest in given]
    found = Contents(np.zeros(8, bool), texts[0], np.zeros(8, bool), *texts[1:], np.zeros(8, bool), reads_voice)
    found.empty[list(empty)] = True
    found.distinctive[list(distinctive)] = True
    found.still[list(still)] = True
    return found


NO_FILES = {"media": "", "media_sha256": ""}


def test_one_segmentation_used_twice_fails_unless_the_recordings_are_known_to_differ():
    with pytest.raises(LeakError, match=r"the same words and times.*u1; tested on u6\. If these are different"):
        leak_guard(HALVES, segmented(media_sha256=""))
    with pytest.raises(LeakError, match="the same words and times"):
        leak_guard(HALVES, segmented(**NO_FILES), contents=read(digests=[(1, "a"), (6, "a")]))
    with pytest.raises(LeakError, match="the same words and times"):
        leak_guard(HALVES, segmented(**NO_FILES), contents=read(digests=[(1, "a")]))


@pytest.mark.parametrize(
    ("columns", "digests"),
    [
        ({}, ()),
        (NO_FILES, [(1, "a"), (6, "b")]),
        ({**NO_FILES, "sound_sha256": [f"s{i}" for i in range(8)]}, ()),
        ({"media_sha256": ["aa" if i == 1 else "" for i in range(8)]}, [(6, "b")]),
    ],
    ids=["files", "features", "sounds", "a file and features"],
)
def test_prompted_sessions_of_other_content_are_noticed_not_refused(columns, digests):
    notices = leak_guard(HALVES, segmented(**columns), contents=read(digests=digests))
    assert any("in another recording (tested: u6" in notice for notice in notices)


def test_the_one_pair_of_equal_content_is_found_among_many_similar_ones():
    everyone = range(8)
    table = segmented(everyone, **NO_FILES, end=3.5)
    digests = [(i, f"d{i}") for i in everyone]
    assert leak_guard(HALVES, table, contents=read(digests=digests))
    with pytest.raises(LeakError, match="the same words and times"):
        leak_guard(HALVES, table, contents=read(digests=[*digests[:7], (7, "d2")]))


def test_minus_zero_and_less_than_a_millisecond_are_the_same_time():
    table = segmented(media_sha256="", start=[1.0, -0.0002, 1, 1, 1, 1, 0.0001, 1], duration=9.0)
    with pytest.raises(LeakError, match="the same words and times"):
        leak_guard(HALVES, table)


BOTH = [(1, "a"), (6, "a")]
OTHER = [(1, "b"), (6, "c")]


@pytest.mark.parametrize(
    ("what", "known"),
    [
        ("pictures are", {"pictures": BOTH}),
        ("pictures are", {"pictures": BOTH, "voices": [(1, "b")]}),  # one copy lost its sound
        ("pictures are", {"pictures": BOTH, "voices": BOTH, "still": [1, 6]}),
        ("pictures are", {"pictures": BOTH, "voices": BOTH, "reads_voice": False}),
        ("voice, sample by sample, is", {"voices": BOTH}),
        ("voice, sample by sample, is", {"voices": BOTH, "pictures": [(6, "c")]}),  # one copy lost its pictures
        ("pictures are", {"voices": BOTH, "pictures": BOTH}),
    ],
)
def test_the_same_samples_fail_even_in_different_files(what, known):
    with pytest.raises(LeakError, match=rf"test: the same {what} in both parts: trained on u1; tested on u6\. They"):
        leak_guard(HALVES, sheet(text=""), contents=read(**known))
    one_side = {
        name: [(row - 4 if row == 6 else row, digest) for row, digest in rows]
        if name in ("voices", "pictures")
        else rows
        for name, rows in known.items()
    }
    assert leak_guard(HALVES, sheet(text=""), contents=read(**one_side)) == ()


@pytest.mark.parametrize(
    ("known", "texts"),
    [
        ({"voices": OTHER}, ["same"] * 8),  # a portrait or an animation under two talks
        ({"voices": OTHER, "reads_voice": False}, ["same"] * 8),
        ({"voices": OTHER, "still": [1, 6]}, [""] * 8),
        ({"still": [1, 6]}, [""] * 8),  # a camera that is off, and nothing is said
        ({"still": [1, 6], "voices": [(6, "b")]}, [""] * 8),
        ({}, [f"text {i}" for i in range(8)]),
        ({"voices": [(6, "b")]}, [f"text {i}" for i in range(8)]),
    ],
)
def test_the_same_pictures_alone_are_noticed(known, texts):
    table = sheet(text=texts, start=float("nan"))
    notices = leak_guard(HALVES, table, contents=read(pictures=BOTH, **known))
    assert any("different words or no movement (tested: u6" in notice for notice in notices)


def test_moving_pictures_with_the_same_words_and_no_voice_fail():
    with pytest.raises(LeakError, match=r"the same pictures are"):
        leak_guard(HALVES, sheet(text="same", start=float("nan")), contents=read(pictures=BOTH))


@pytest.mark.parametrize("group", ["r1", "session"])
def test_if_the_protocol_divides_a_recording_the_remedy_is_named(group):
    table = planted("recording", "r1")
    table["group"] = table["recording"] if group == "r1" else table["group"]
    table.loc[[1, 6], "group"] = group
    what = "recording" if group == "r1" else "group"
    with pytest.raises(
        LeakError, match=rf"the same {what} \('{group}'\).* A {what} must stay together, but protocol.group is s"
    ):
        leak_guard(HALVES, table, by="speaker")


def test_copies_of_a_recording_are_named_with_a_remedy():
    with pytest.raises(
        LeakError, match=r"the same media_sha256 .*tested on u6\. They are .*: remove all but one, or give"
    ):
        leak_guard(HALVES, planted("media_sha256", "c0ffee"), by="speaker")


def test_a_voice_that_no_model_reads_is_not_a_leak():
    assert leak_guard(HALVES, sheet(), contents=read(voices=BOTH, reads_voice=False)) == ()


def test_one_voice_under_two_pictures_is_noticed():
    (notice,) = leak_guard(HALVES, sheet(), contents=read(voices=BOTH, pictures=OTHER))
    assert "have the same voice as a training utterance, sample by sample, but different pictures" in notice


def test_equal_features_are_noticed_if_they_cannot_be_a_coincidence():
    assert leak_guard(HALVES, sheet(), contents=read(digests=BOTH)) == ()
    (notice,) = leak_guard(HALVES, sheet(), contents=read(digests=BOTH, distinctive=[1, 6]))
    assert notice.startswith("tested utterances (1) have exactly the same audio and video features")


def test_one_segmentation_of_equal_features_fails_although_the_files_differ():
    with pytest.raises(LeakError, match="the same words and times are"):
        leak_guard(HALVES, segmented(), contents=read(digests=BOTH))


@pytest.mark.parametrize("column", ["recording", "media", "media_sha256"])
def test_an_empty_recording_cannot_leak_and_is_noticed(column):
    table = planted(column, "same")
    notices = leak_guard(HALVES, table, contents=read(empty=[1, 6]))
    assert [("nothing can be read from these files" in n and "u6" in n) for n in notices] == [True] * (
        column == "media_sha256"
    )
    assert leak_guard(HALVES, segmented(media_sha256=""), contents=read(empty=[6]))
    with pytest.raises(LeakError, match=f"the same {column}"):
        leak_guard(HALVES, planted(column, "same", rows=(1, 2, 6, 7)), contents=read(empty=[1, 6]))


@pytest.mark.parametrize("column", ["group", "speaker"])
def test_a_group_of_empty_recordings_may_not_be_divided_either(column):
    with pytest.raises(LeakError, match=f"the same {column}"):
        leak_guard(HALVES, planted(column, "same"), by=column, contents=read(empty=range(8)))


def test_a_long_transcript_needs_no_more_memory_than_itself():
    n, long = 2000, "word " * 4000
    ids = [str(i) for i in range(n)]
    table = pd.DataFrame({"utterance": ids, "recording": ids, "media_sha256": ids, "group": ids, "speaker": ids})
    table = table.assign(text=["a short line", *[f"line {i}" for i in range(n - 1)]], start=1.0, end=2.0, duration=9.0)
    table.loc[3, ["text", "group", "speaker"]] = long  # a cell of any column may be long
    folds = tuple(Fold(f"f{k}", np.flatnonzero(np.arange(n) % 5 != k), np.arange(k, n, 5), ()) for k in range(5))
    tracemalloc.start()
    leak_guard(folds, table, by="group")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


def test_an_utterance_twice_in_the_table_fails():
    with pytest.raises(LeakError, match="an utterance more than once: u1"):
        leak_guard(HALVES, planted("utterance", "u1"))


def test_a_row_on_both_sides_fails():
    with pytest.raises(LeakError, match="has utterances in both its training and its test part: u3"):
        leak_guard((Fold("f", np.arange(4), np.arange(3, 8), ()),), sheet())


def test_every_fold_is_checked():
    second = Fold("fold-2", np.arange(4, 8), np.arange(4), ())
    clean = Fold("fold-1", np.array([0, 2]), np.array([5, 7]), ())
    with pytest.raises(LeakError, match="fold-2"):
        leak_guard((clean, second), planted("media", "x.mp4"))


def test_missing_columns_are_not_checked():
    assert leak_guard(HALVES, pd.DataFrame({"utterance": list("abcdefgh")})) == ()


def test_a_dialogue_on_both_sides_is_a_leak_where_neighbours_are_read():
    table = pd.DataFrame({"utterance": ["a", "b"], "scene": ["x", "x"]})
    fold = Fold("test", np.array([0]), np.array([1]), ())
    leak_guard([fold], table)
    with pytest.raises(LeakError, match="the same scene"):
        leak_guard([fold], table, dialogue="scene")
