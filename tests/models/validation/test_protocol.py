from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold

from models.errors import ModelError, TooFewError
from models.validation import protocol
from models.validation.protocol import Protocol, grouped, groups_of, plan


def sheet(n=24, speakers=6, **columns):
    base = {
        "utterance": [f"u{i:02}" for i in range(n)],
        "recording": [f"r{i:02}" for i in range(n)],
        "speaker": [f"s{i % speakers}" for i in range(n)],
        "group": [f"g{i % speakers}" for i in range(n)],
        "corpus": [("a", "b", "c")[i % 3] for i in range(n)],
        "emotion": [("joy", "sad", "calm")[i % 3] for i in range(n // 2)] * 2,
        "sentiment": np.linspace(-3, 3, n),
    }
    return pd.DataFrame({**base, **columns})


def classes(settings, table):
    return plan(settings, table, label="emotion", task="classification")


@pytest.mark.parametrize("kind", ["group-kfold", "leave-one-group-out"])
def test_each_row_is_tested_once_and_no_group_is_split(kind):
    table = sheet()
    folds = classes(Protocol(kind, by="speaker", folds=3), table).folds
    assert sorted(np.concatenate([f.test for f in folds])) == list(range(24))
    speakers = table["speaker"].to_numpy()
    for fold in folds:
        assert not set(speakers[fold.train]) & set(speakers[fold.test])
        assert sorted([*fold.train, *fold.test]) == list(range(24))
        for train, valid in fold.inner:
            own = speakers[fold.train]
            assert not set(own[train]) & set(own[valid])
            assert sorted([*train, *valid]) == list(range(len(fold.train)))


def test_group_kfold_is_scikit_learns():
    table = sheet(n=30, speakers=7)
    folds = classes(Protocol("group-kfold", by="speaker", folds=4), table).folds
    theirs = GroupKFold(4).split(table, groups=table["speaker"])
    for fold, (train, test) in zip(folds, theirs, strict=True):
        assert np.array_equal(fold.train, train)
        assert np.array_equal(fold.test, test)


def test_the_same_table_gives_the_same_folds():
    first, second = (classes(Protocol("group-kfold", by="group", folds=3), sheet()).folds for _ in range(2))
    assert [f.test.tolist() for f in first] == [f.test.tolist() for f in second]


def test_leave_one_group_out_names_its_folds():
    assert [f.name for f in classes(Protocol("leave-one-group-out", by="speaker"), sheet()).folds] == [
        f"s{i}" for i in range(6)
    ]


def test_official_trains_on_train_and_valid_and_chooses_on_valid():
    split = ["train"] * 12 + ["valid"] * 6 + ["test"] * 6
    (fold,) = classes(Protocol("official"), sheet(split=split)).folds
    assert fold.train.tolist() == list(range(18))
    assert fold.test.tolist() == list(range(18, 24))
    ((train, valid),) = fold.inner
    assert (train.tolist(), valid.tolist()) == (list(range(12)), list(range(12, 18)))


def test_inner_rows_are_positions_within_the_training_part():
    split = ["test"] * 6 + ["valid"] * 6 + ["train"] * 12
    (fold,) = classes(Protocol("official"), sheet(split=split)).folds
    ((train, valid),) = fold.inner
    assert fold.train[valid].tolist() == list(range(6, 12))
    assert fold.train[train].tolist() == list(range(12, 24))


def test_crossfit_chooses_on_the_other_test_groups():
    table = sheet(split=["valid"] * 2 + ["train"] * 10 + ["test"] * 12)
    found = classes(Protocol("crossfit", by="speaker", folds=3), table)
    assert sorted(np.concatenate([f.test for f in found.folds])) == list(range(12, 24))
    assert any("crossfit" in notice for notice in found.notices)
    speakers = table["speaker"].to_numpy()
    for fold in found.folds:
        assert sorted([*fold.train, *fold.test]) == list(range(24))
        ((train, valid),) = fold.inner
        assert fold.train[train].tolist() == list(range(12))
        assert not set(fold.train[valid]) & set(fold.test)
        assert fold.train[valid].min() >= 12
        assert not set(speakers[fold.train[valid]]) & set(speakers[fold.test])


def test_official_without_valid_chooses_on_grouped_inner_folds():
    table = sheet(split=["train"] * 18 + ["test"] * 6)
    (fold,) = classes(Protocol("official", by="speaker"), table).folds
    assert len(fold.inner) == 3
    for train, valid in fold.inner:
        assert not set(table["speaker"].to_numpy()[train]) & set(table["speaker"].to_numpy()[valid])


@pytest.mark.parametrize(
    ("table", "settings", "message"),
    [
        (sheet(split=["train"] * 23 + ["dev"]), Protocol("official"), r"'u23' \(row 24\) has the split 'dev'"),
        (sheet(split=["train"] * 23 + [None]), Protocol("official"), r"'u23' \(row 24\) has the split ''"),
        (sheet(split=["train"] * 24), Protocol("official"), "no test utterances"),
        (sheet(split=["valid"] * 12 + ["test"] * 12), Protocol("official"), "no train utterances"),
        (sheet(), Protocol("official"), "needs a column 'split'"),
        (sheet(), Protocol("group-kfold", by="speaker", folds=1), "at least 2 folds"),
        (
            sheet(speakers=1, recording="a"),
            Protocol("group-kfold", by="speaker", folds=2),
            "needs at least 2 groups, but every utterance has the value 's0' in the column 'speaker': add",
        ),
        (
            sheet(speakers=1, recording=["a", "b"] * 12),
            Protocol("leave-one-group-out", by="speaker"),
            r"in the column 'speaker': set protocol\.group to recording; the results then hold for this speaker alone",
        ),
        (sheet(), Protocol("group-kfold", by="actor"), "no such column: choose one of utterance"),
        (
            sheet(speaker=[""] + ["s"] * 23),
            Protocol("group-kfold", by="speaker"),
            "'u00' has no group: fill in the column, or set protocol.group to another column",
        ),
        (sheet(), Protocol("groupkfold"), "did you mean 'group-kfold'"),
        (sheet(n=0), Protocol("group-kfold"), "no utterances"),
        (
            sheet(split=["train"] * 12 + ["test"] * 12, emotion=["joy"] * 12 + ["sad"] * 12),
            Protocol("official"),
            "every training utterance of the fold 'test' is 'joy': add utterances, so that each class",
        ),
        (sheet(emotion="joy"), Protocol("group-kfold", by="speaker"), "every utterance is 'joy': training needs"),
    ],
)
def test_an_impossible_protocol_is_refused_with_the_reason(table, settings, message):
    with pytest.raises(ModelError, match=message):
        classes(settings, table)


@pytest.mark.parametrize(
    ("table", "protocol"),
    [
        (sheet(), Protocol("group-kfold", by="speaker", folds=7)),
        (sheet(split=["train"] * 12 + ["test"] * 12), Protocol("crossfit", by="speaker", folds=7)),
    ],
)
def test_there_are_no_more_folds_than_groups_and_a_notice_says_so(table, protocol):
    found = classes(protocol, table)
    assert len(found.folds) == 6
    expected = f"{protocol.kind}: 6 folds instead of 7, since there are no more groups (speaker) to divide"
    assert expected in found.notices
    assert not any("instead" in notice for notice in classes(replace(protocol, folds=6), table).notices)


def test_a_class_of_one_clip_in_a_tiny_corpus_is_refused_with_a_sentence():
    """Three clips of three speakers: where the one of another class is tested, there is nothing to learn."""
    table = sheet(n=3, speakers=3, emotion=["calm", "calm", "sad"])
    with pytest.raises(TooFewError, match="every training utterance of the fold 'fold-1' is 'calm': add utterances"):
        classes(Protocol("group-kfold", by="speaker"), table)


def test_inner_folds_inside_a_single_group_are_noticed():
    found = classes(Protocol("leave-one-group-out", by="speaker"), sheet(speakers=2))
    sentence = "2 of 2 folds (s0, ...) train on a single group: settings are chosen on utterances of that same group"
    assert sentence in found.notices


def test_a_class_that_is_tested_but_not_trained_on_is_noticed():
    emotion = ["joy", "sad"] * 9 + ["fear"] * 6
    found = classes(Protocol("official"), sheet(split=["train"] * 18 + ["test"] * 6, emotion=emotion))
    assert any("'fear' is in the test part (6 of 6 utterances), but not" in notice for notice in found.notices)


def test_a_class_of_one_group_is_noticed():
    emotion = ["fear" if i % 6 == 0 else ("joy", "sad")[i % 2] for i in range(24)]
    found = classes(Protocol("group-kfold", by="speaker", folds=3), sheet(emotion=emotion))
    assert any("'fear' occurs in only one group, s0" in notice for notice in found.notices)


def test_a_class_of_one_utterance_is_noticed():
    found = classes(
        Protocol("group-kfold", by="speaker", folds=3), sheet(emotion=["fear", *["joy", "sad"] * 11, "joy"])
    )
    assert any("'fear' occurs only once, in u00" in notice for notice in found.notices)


@pytest.mark.parametrize(
    ("columns", "known"),
    [
        ({"group": "", "recording": [f"{i}.wav" for i in range(24)]}, False),
        ({"group": [f"{i}.wav" for i in range(24)], "recording": [f"{i}.wav" for i in range(24)]}, False),
        ({"group": "", "recording": ""}, False),
        ({"group": ["", None] * 12, "recording": [*(f"{i}.wav" for i in range(12)), *[""] * 12]}, False),
        (
            {"group": [f"p{i}" for i in range(24)], "recording": ""},
            True,
        ),  # one utterance per person, as the column states
        ({"group": "", "recording": ["a.wav", "a.wav", *(f"{i}.wav" for i in range(22))]}, True),
    ],
)
def test_groups_are_known_where_somebody_names_them_or_a_recording_has_two(columns, known):
    assert grouped(sheet().assign(**columns), "group") == known


def test_a_score_needs_no_classes():
    found = plan(Protocol("group-kfold", folds=2), sheet(), label="sentiment", task="regression")
    assert len(found.folds) == 2
    assert found.notices == ()


def test_groups_fall_back_to_what_is_given():
    table = sheet(n=4, group=["a", "", None, "b"], recording=["r", "r", "", "q"], emotion=["x"] * 4)
    assert groups_of(table, "group").tolist() == ["a", "r", "u02", "b"]
    assert groups_of(table, "session").tolist() == ["a", "r", "u02", "b"]


def test_a_protocol_can_be_registered(monkeypatch):
    monkeypatch.setattr(protocol, "PROTOCOLS", deepcopy(protocol.PROTOCOLS))
    protocol.register("halves", lambda table, _: [("half", np.arange(12), np.arange(12, 24), None)])
    assert "halves" in protocol.protocol_names()
    assert classes(Protocol("halves"), sheet()).folds[0].name == "half"
    assert protocol.PROTOCOLS["halves"].takes_folds
    assert not protocol.PROTOCOLS["halves"].needs_splits


def test_a_protocol_needs_splits_exactly_if_it_refuses_a_table_without_them():
    table = sheet().drop(columns="split", errors="ignore")
    for name, entry in protocol.PROTOCOLS.items():
        if entry.needs_splits:
            with pytest.raises(ModelError, match="needs a column 'split'"):
                classes(Protocol(name, folds=2), table)
        else:
            assert classes(Protocol(name, folds=2), table).folds


def test_a_protocol_needs_groups_exactly_if_it_refuses_a_table_with_a_row_without_one():
    table = sheet(split=["train"] * 12 + ["test"] * 12)
    table["actor"] = [*["a", "b", "c", "d"] * 5, *["e"] * 3, ""]
    for name, entry in protocol.PROTOCOLS.items():
        try:
            refused = not classes(Protocol(name, "actor", folds=2), table).folds
        except ModelError as error:
            refused = "groups by 'actor'" in str(error)
        assert refused is entry.needs_groups, name


def test_a_protocol_takes_folds_exactly_if_their_number_changes_the_folds():
    table = sheet(split=["train"] * 12 + ["test"] * 12)
    for name, entry in protocol.PROTOCOLS.items():
        counts = {len(classes(Protocol(name, folds=folds), table).folds) for folds in (2, 3)}
        assert (counts == {2, 3}) is entry.takes_folds, name


def test_a_training_part_of_one_class_is_refused_with_what_to_change():
    """With two groups of one class each, every fold trains on the other class alone."""
    table = sheet(n=8, group=["g0", "g1"] * 4, emotion=["joy", "sad"] * 4, speakers=2)
    message = "every training utterance of the fold 'fold-1' is 'joy': add utterances, so that each class is in"
    with pytest.raises(ModelError, match=message):
        classes(Protocol("group-kfold", by="group", folds=2), table)


def test_leave_one_corpus_out_trains_on_all_others_and_says_so():
    table = sheet(corpus=["a"] * 12 + ["b"] * 8 + ["c"] * 4)
    found = classes(Protocol("leave-one-corpus-out", by="speaker"), table)
    assert [(fold.name, fold.test.tolist()) for fold in found.folds] == [
        ("a", list(range(12))),
        ("b", list(range(12, 20))),
        ("c", list(range(20, 24))),
    ]
    assert [sorted([*fold.train, *fold.test]) for fold in found.folds] == [list(range(24))] * 3
    speakers = table["speaker"].to_numpy()
    for fold in found.folds:
        for train, valid in fold.inner:
            assert not {*speakers[fold.train[train]]} & {*speakers[fold.train[valid]]}
    assert (
        "b (8 utterances) is predicted by models that were trained on a (12 utterances), c (4 utterances)"
        in found.notices
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (sheet(corpus=["a"] * 24), "needs at least 2 corpora, but all utterances are from a: list another"),
        (sheet().drop(columns="corpus"), r"needs a column 'corpus' .*: list corpora in a union \(reader: union"),
        (
            sheet(corpus=[""] + ["a", "b", "c"] * 7 + ["a", "b"]),
            "'u00' has no corpus: write there which corpus it is from, or",
        ),
        (sheet(corpus=["", ""] + ["a", "b"] * 11), r"'u00' \(and 1 more\) has no corpus"),
    ],
)
def test_leave_one_corpus_out_needs_two_corpora(table, message):
    with pytest.raises(ModelError, match=message):
        classes(Protocol("leave-one-corpus-out"), table)
