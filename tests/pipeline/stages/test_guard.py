"""What the stores tell of recordings: which hold nothing that is read, and which are told apart by what they hold."""

import numpy as np
import pytest

from models.errors import LeakError
from models.protocol import Fold
from pipeline.params import CorpusParams, ProtocolParams, TrainParams
from pipeline.stages.guard import contents_of, guarded, plan_of
from tests.pipeline.stages.test_inputs import _here, ok, store, untimed, utterances  # noqa: F401 - a fixture

PROTOCOL = ProtocolParams("group-kfold", 2, "group")
FOLDS = (Fold("f", np.array([0, 1]), np.array([2, 3]), ()),)


def corpus(*modalities):
    return CorpusParams("manifest", "c", "classification", "label", modalities, PROTOCOL)


def contents(table, **features):
    settings = TrainParams(features={m: tuple(stores) for m, stores in features.items()})
    return contents_of("c", settings, corpus(*features), table)


@pytest.mark.parametrize("status", ["absent", "empty", "failed"])
def test_a_recording_holds_nothing_where_no_voice_and_no_face_is_read(status):
    store("mfcc", [ok([1]), status, status, ok([1])])
    store("face", [status, ok([1]), status, ok([1])])
    store("bert", [ok([1])] * 4)
    found = contents(utterances(4, text="yes"), text=["bert", "tfidf"], audio=["mfcc"], video=["face"])
    assert found.empty.tolist() == [False, False, True, False]
    assert contents(utterances(4), audio=["mfcc"]).empty.tolist() == [False, True, True, False]


def test_features_tell_recordings_apart_only_where_no_file_does():
    store("mfcc", [untimed([[1, np.nan]]), untimed([[1, np.nan]]), untimed([[1, 2]]), untimed([[1, 2]])], ("a", "b"))
    table = utterances(4, media_sha256=["", "", "", "ff"])
    first, second, third, fourth = contents(table, audio=["mfcc"]).digests
    assert first == second != third
    assert (bool(third), fourth) == (True, "")
    assert contents(table.assign(sound_sha256="ee"), audio=["mfcc"]).digests.tolist() == [""] * 4


def test_where_only_text_is_read_a_file_without_length_holds_nothing():
    table = utterances(4, text="yes", media_sha256=["aa", "aa", "", "bb"], duration=[2.0, np.nan, np.nan, np.nan])
    assert contents(table, text=["tfidf"]).empty.tolist() == [False, True, False, True]


def test_prompted_sessions_of_imported_features_pass_and_one_session_twice_does_not():
    table = utterances(4, text="so it is", start=3.0, end=5.0, group=list("abcd"), label=list("xyxy"))
    store("mfcc", [ok([i]) for i in range(4)])
    (words, times) = guarded(FOLDS, table, corpus("audio"), contents=contents(table, audio=["mfcc"]))
    assert "word for word" in words
    assert "a recording of other content" in times
    store("mfcc", [ok([i % 3]) for i in range(4)])
    with pytest.raises(LeakError, match="the same words and times"):
        guarded(FOLDS, table, corpus("audio"), contents=contents(table, audio=["mfcc"]))


def test_the_protocol_alone_asks_no_leak_guard():
    table = utterances(4, group=list("abab"), label=list("xxyy"), recording="one")
    assert len(plan_of(table, corpus("audio")).folds) == 2


def test_stores_that_are_not_there_yet_hold_nothing():
    store("ours", [ok([1])] * 2, names=["u1", "u2"])
    assert contents(utterances(4), audio=["gone", "ours"]).empty.all()
    table = utterances(4, group="g")
    with pytest.raises(LeakError, match="the same group"):
        guarded(FOLDS, table, corpus("audio"), contents=contents(table, audio=["gone"]))
