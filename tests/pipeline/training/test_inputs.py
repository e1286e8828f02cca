"""From stores to what models see: columns, masks and steps in the table's order, nobody's neighbour from elsewhere."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import StoreError
from features.store import IMPORTED, Entry, feature_schema, is_imported, write_store
from models.errors import ModelError
from models.registry import Recipe, build
from pipeline.corpora.utterances import COLUMNS
from pipeline.errors import UserError
from pipeline.exchange.bundle import item_of
from pipeline.settings.blocks import ContextParams, CorpusParams, ProtocolParams, RunParams, SequenceParams, TrainParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.inputs import load_modalities, settings_of, step_settings, stores_of

NAN = np.nan
PROTOCOL = ProtocolParams("group-kfold", 2, "speaker")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def utterances(n, **columns):
    empty = {name: [NAN if kind == "number" else ""] * n for name, kind in COLUMNS.items()}
    return pd.DataFrame({**empty, "utterance": [f"u{i}" for i in range(n)], **columns})


def ok(rows, times=None, pooled=None):
    """An entry of rows (one number, or a list, each), each a tenth of a second long unless timed."""
    values = np.array(rows, np.float32).reshape(len(rows), -1)
    clock = [[j / 10, (j + 1) / 10] for j in range(len(rows))] if times is None else times
    mean = values.mean(axis=0) if pooled is None else np.array(pooled, np.float32)
    return Entry("ok", "", {"values": values, "times": np.reshape(clock, (-1, 2)).astype(float)}, {"pooled": mean})


def untimed(rows):
    return ok(rows, times=[[NAN, NAN]] * len(rows))


def store(name, entries, columns=("a",), kind="features", names=None, keys="", **attributes):
    """Write a store of corpus c; an entry may be a status alone."""
    made = [Entry(e, "why") if isinstance(e, str) else e for e in entries]
    names = names or [f"u{i}" for i in range(len(made))]
    width = next((e.rows["values"].shape[1] for e in made if e.status == "ok"), 1)
    attributes = {"name": name, "kind": kind, "pooled_names": list(columns), **attributes}
    items = [item_of(u, e, f"{name} {u} {keys}") for u, e in zip(names, made, strict=True)]
    write_store(CorpusPaths("c").features(name), feature_schema(width, len(columns)), attributes, items)


def load(table, features, sequences=None, **how):
    """Load corpus c; `sequences` says how steps are read, None: not at all."""
    corpus = CorpusParams("manifest", "c", "classification", "label", tuple(features), PROTOCOL)
    settings = TrainParams(features=features, sequences=sequences or SequenceParams(), **how)
    return load_modalities("c", settings, corpus, table, sequences=sequences is not None)


def steps(x, modality):
    return [x.sequences[modality].values(i).tolist() for i in range(len(x))]


@pytest.mark.parametrize("listed", [("one", "two"), ("two", "one")])
def test_pooled_columns_stand_in_the_order_of_the_extractors(listed):
    store("one", [ok([0], pooled=[i, 10 + i]) for i in range(3)], ("a", "b"))
    store("two", [ok([0], pooled=[100 + i]) for i in range(3)], ("a",))
    x = load(utterances(3, group=["g", "h", "g"]), {"audio": listed})
    blocks = {"one": [[0, 10], [1, 11], [2, 12]], "two": [[100], [101], [102]]}
    names = {"one": ("one.a", "one.b"), "two": ("two.a",)}
    assert x.names["audio"] == names[listed[0]] + names[listed[1]]
    assert x.pooled["audio"].tolist() == np.hstack([blocks[e] for e in listed]).tolist()
    assert x.groups.tolist() == ["g", "h", "g"]  # no speaker: the next best


@pytest.mark.parametrize("status", ["absent", "empty", "failed"])
def test_what_is_not_ok_is_masked_and_never_a_number(status):
    store("one", [ok([0], pooled=[1]), status, status])
    store("two", [ok([0], pooled=[2]), ok([0], pooled=[3]), status])
    store("face", [status, ok([0], pooled=[4]), ok([0], pooled=[5])])
    x = load(utterances(3), {"audio": ("one", "two"), "video": ("face",)})
    assert x.present["audio"].tolist() == [True, True, False]  # one of its extractors is enough
    np.testing.assert_array_equal(x.pooled["audio"], [[1, 2], [NAN, 3], [NAN, NAN]])
    assert x.present["video"].tolist() == [False, True, True]


def test_text_of_transformers_alone_is_there_where_words_are():
    x = load(utterances(3, text=["yes", "", "no"]), {"text": ("tfidf",)}, SequenceParams())
    assert x.present["text"].tolist() == [True, False, True]
    assert x.text.tolist() == ["yes", None, "no"]
    assert (dict(x.pooled), dict(x.names), dict(x.sequences)) == ({}, {}, {})
    assert stores_of(TrainParams(features={"text": ("bert", "tfidf", "vader", "word2vec")}), "text") == [
        "bert",
        "vader",
    ]


def test_imported_features_are_matched_by_name_and_own_ones_must_match_already():
    given = {"names": ["u2", "other", "u0"]}
    store("theirs", [ok([2]), ok([9]), ok([0])], kind=IMPORTED, **given)
    x = load(utterances(3), {"audio": ("theirs",)}, SequenceParams())
    assert x.present["audio"].tolist() == [True, False, True]
    np.testing.assert_array_equal(x.pooled["audio"], [[0], [NAN], [2]])
    assert steps(x, "audio") == [[[0.0]], [], [[2.0]]]
    store("ours", [ok([2]), ok([9]), ok([0])], **given)
    assert is_imported(CorpusPaths("c").features("theirs"))
    assert not is_imported(CorpusPaths("c").features("ours"))
    assert not is_imported(Path("nowhere.h5"))
    with pytest.raises(UserError, match=r"ours\.h5 does not match the utterance table: run preprocess and extract"):
        load(utterances(3), {"audio": ("ours",)})


@pytest.mark.parametrize("kind", ["features", IMPORTED])
def test_features_that_are_listed_under_another_modality_are_refused(kind):
    store("units", [ok([1])] * 2, kind=kind, modality="video")
    assert load(utterances(2), {"video": ("units",)}).pooled["video"].tolist() == [[1], [1]]
    with pytest.raises(UserError, match=r"units\.h5 holds features of video, but units is listed under audio: list it"):
        load(utterances(2), {"audio": ("units",)})


def test_what_is_missing_is_named():
    with pytest.raises(UserError, match=r"audio has no extractor: list one in train\.features"):
        load(utterances(1), {"audio": ()})
    with pytest.raises(StoreError, match=r"gone\.h5 does not exist: run the stage"):
        load(utterances(1), {"audio": ("gone",)})
    store("one", [ok([0])])
    with pytest.raises(UserError, match=r"context\.by: the utterances have no column 'scene'"):
        load(utterances(1), {"audio": ("one",)}, context=ContextParams(1, by="scene"))


@pytest.mark.parametrize("step_s", [0.1, 0.25, 2.0])
def test_a_step_is_the_mean_of_the_rows_whose_middle_lies_in_its_window(step_s):
    rng = np.random.default_rng(1)
    found = {"one": [], "two": []}
    for name, counts in (("one", (9, 4, 0)), ("two", (5, 7, 3))):
        for count in counts:
            starts = np.sort(rng.uniform(-0.1, 1.2, count))
            times = np.column_stack([starts, starts + rng.uniform(0, 0.4, count)])
            values = rng.normal(size=(count, 2)).astype(np.float32)
            values[rng.random((count, 2)) < 0.2] = NAN
            found[name].append((values, times))
        store(name, [ok(values, times, [0]) if len(values) else "empty" for values, times in found[name]])
    x = load(utterances(3), {"audio": ("one", "two")}, SequenceParams(step_s=step_s))
    for i in range(3):
        middles = [found[name][i][1].mean(axis=1) for name in ("one", "two")]
        last = max(middle.max() for middle in middles if len(middle))
        wanted = []
        for k in range(int(last // step_s) + 1):
            wanted.append([])
            for name, middle in zip(("one", "two"), middles, strict=True):
                inside = [v for v, m in zip(found[name][i][0], middle, strict=True) if _window(m, step_s) == k]
                for column in range(2):
                    known = [float(v[column]) for v in inside if not np.isnan(v[column])]
                    wanted[-1].append(sum(known) / len(known) if known else NAN)
        np.testing.assert_allclose(x.sequences["audio"].values(i), wanted, rtol=1e-5, atol=1e-7)
        clock = [[k * step_s, (k + 1) * step_s] for k in range(len(wanted))]
        np.testing.assert_allclose(x.sequences["audio"].times(i), clock)


@pytest.mark.parametrize("name", ["transformer", "modality_attention", "cross_attention", "self_attention"])
def test_networks_over_time_read_wide_stores_beside_narrow_ones_of_other_rates(name):
    """384 columns five times a second beside 40 columns a hundred times: both stores tell the classes apart."""
    rng = np.random.default_rng(0)
    labels = np.arange(24) % 2
    for store_name, width, rate in (("encoder", 384, 5), ("mfcc", 40, 100)):
        entries = []
        for label in labels:
            count = int(rng.uniform(0.6, 1.4) * rate)
            starts = np.arange(count) / rate
            values = rng.normal(size=(count, width)) + (label if store_name == "encoder" else 0)
            entries.append(ok(values, np.column_stack([starts, starts + 1 / rate]), [0]))
        store(store_name, entries)
    store("face", [ok(rng.normal(size=(3, 4)), pooled=[0]) for _ in labels])
    x = load(
        utterances(24, speaker=np.arange(24) // 2), {"audio": ("encoder", "mfcc"), "video": ("face",)}, SequenceParams()
    )
    assert x.sequences["audio"].width == 424
    quick = {"hidden": 8, "epochs": 15, "learning_rate": 0.01}
    model = build(name, Recipe("classification", ("audio", "video"), settings=quick, budget=1)).fit(x, labels)
    assert model.score(x, labels) > 0.9


def _window(middle, step_s):
    return max(k for k in range(100) if k * step_s <= max(middle, 0))


def test_words_are_steps_and_rows_are_averaged_over_the_words_they_overlap():
    words = [[0.0, 0.2], [0.3, 0.35], [0.9, 1.0]]
    store("bert", [ok([[1, 2], [3, 4], [5, 6]], words), untimed([[7, 8], [9, 9]]), "empty"], ("a", "b"))
    rows = [10, 20, 30, 40]  # over 0-0.1, 0.1-0.2, 0.2-0.3, 0.3-0.4: the third touches words, but overlaps none
    store("mfcc", [ok(rows), ok([1, 2, 6]), ok([4, NAN, 8])])
    store("face", [ok([50], [[0.15, 0.95]]), "failed", ok([60])])
    x = load(utterances(3), {"text": ("bert",), "audio": ("mfcc",), "video": ("face",)}, SequenceParams("word"))
    assert steps(x, "text")[0] == [[1, 2], [3, 4], [5, 6]]
    np.testing.assert_array_equal(x.sequences["audio"].values(0), [[15], [40], [NAN]])
    assert steps(x, "video")[0] == [[50], [50], [50]]
    for modality in ("text", "audio", "video"):
        assert x.sequences[modality].times(0).tolist() == words
    assert steps(x, "text")[1:] == [[[8, 8.5]], []]  # without timed words: one step, the mean of all
    assert steps(x, "audio")[1:] == [[[3]], [[6]]]
    assert steps(x, "video")[1:] == [[], [[60]]]
    assert np.isnan(x.sequences["audio"].times(1)).all()


def test_without_alignment_text_has_a_step_a_word_and_others_none_unless_timed():
    store("bert", [ok([1, 2, 3], [[0, 1], [1, 2], [2, 9]]), ok([4])])
    store("face", [untimed([5, 6, 7, 8]), untimed([9])])
    x = load(utterances(2), {"text": ("bert",), "video": ("face",)}, SequenceParams(step_s=0.2))
    assert steps(x, "text") == [[[1], [2], [3]], [[4]]]
    assert x.sequences["text"].times(0).tolist() == [[0, 1], [1, 2], [2, 9]]
    assert steps(x, "video") == [[[5], [6], [7], [8]], [[9]]]
    assert np.isnan(x.sequences["video"].times(0)).all()


def test_what_says_one_thing_of_an_utterance_is_no_step_beside_what_has_several():
    store("whole", [ok([1]), ok([2])])
    store("frames", [ok([3, 4]), ok([5])])
    both = load(utterances(2), {"audio": ("whole", "frames")}, SequenceParams(step_s=0.1))
    assert steps(both, "audio") == [[[3], [4]], [[5]]]
    assert both.names["audio"] == ("whole.a", "frames.a")
    assert steps(load(utterances(2), {"audio": ("whole",)}, SequenceParams()), "audio") == [[[1]], [[2]]]


@pytest.mark.parametrize(
    ("align", "message"),
    [
        ("none", "one, two differ in number and have no common time steps.*the corpus's features.video"),
        ("word", "two has 2 rows without times for an utterance of 3 timed words.*set sequences.align to none"),
    ],
)
def test_rows_that_cannot_be_joined_are_refused(align, message):
    store("bert", [ok([1, 2, 3])])
    store("one", [untimed([1, 2, 3])])
    store("two", [untimed([1, 2])])
    with pytest.raises(UserError, match=message):
        load(utterances(1), {"text": ("bert",), "video": ("one", "two")}, SequenceParams(align))


def test_the_spectrogram_is_read_frame_by_frame_where_audio_is():
    store("one", [ok([1, 2]), "absent"])
    store("bert", [ok([1]), ok([2])])
    store("spectrogram", [ok([[1, 2], [3, 4], [5, 6]], pooled=[0]), "absent"])
    x = load(utterances(2), {"audio": ("one",)}, SequenceParams(step_s=5.0))
    assert steps(x, "spectrogram") == [[[1, 2], [3, 4], [5, 6]], []]
    assert steps(x, "audio") == [[[1.5]], []]
    assert set(load(utterances(2), {"text": ("bert",)}, SequenceParams()).sequences) == {"text"}


@pytest.mark.parametrize("seed", range(4))
def test_context_is_the_neighbours_of_the_same_dialogue_and_of_no_other(seed):
    rng = np.random.default_rng(seed)
    n = 14
    group, order = rng.choice(["g", "h", ""], n), rng.permutation(n).astype(float)
    order[group == "h"] = NAN  # then it is the start that says who was first
    start = rng.permutation(n).astype(float)
    gone = rng.random(n) < 0.2
    store("one", ["absent" if gone[i] else ok([0], pooled=[i]) for i in range(n)])
    table = utterances(n, group=group, order=order, start=start)
    x = load(table, {"audio": ("one",)}, context=ContextParams(2, 1))
    assert x.names["audio"] == ("one.a", "one@-2.a", "one@-1.a", "one@+1.a")
    assert x.present["audio"].tolist() == (~gone).tolist()
    place = np.where(group == "h", start, order)
    for i in range(n):
        mates = [j for j in range(n) if group[j] == group[i]] if group[i] else [i]
        mates.sort(key=lambda j: place[j])
        for column, lag in enumerate((0, -2, -1, 1)):
            at = mates.index(i) + lag
            wanted = mates[at] if 0 <= at < len(mates) and not gone[mates[at]] else NAN
            np.testing.assert_equal(x.pooled["audio"][i, column], np.float32(wanted))


def test_dialogues_may_be_another_column_and_none_is_read_unasked():
    store("one", [ok([i]) for i in range(3)])
    table = utterances(3, group="g", recording=["r", "s", "r"], start=[0.0, 1.0, 2.0])
    by = load(table, {"audio": ("one",)}, context=ContextParams(1, by="recording"))
    np.testing.assert_array_equal(by.pooled["audio"], [[0, NAN], [1, NAN], [2, 0]])
    assert load(table, {"audio": ("one",)}).pooled["audio"].tolist() == [[0], [1], [2]]


def test_per_speaker_comes_first_so_that_a_neighbour_is_on_its_own_speakers_scale():
    rng = np.random.default_rng(3)
    speaker = np.array(list("abababab"))
    raw = np.where(speaker == "b", 100, 0) + rng.normal(size=8)
    store("one", ["absent" if i == 5 else ok([0], pooled=[raw[i]]) for i in range(8)])
    table = utterances(8, group="g", speaker=speaker, order=np.arange(8.0))
    x = load(table, {"audio": ("one",)}, normalise="speaker", context=ContextParams(1))
    wanted = np.full(8, NAN)
    for name in "ab":
        mine = np.flatnonzero((speaker == name) & (np.arange(8) != 5))
        wanted[mine] = (raw[mine] - raw[mine].mean()) / raw[mine].std()
    np.testing.assert_allclose(x.pooled["audio"][:, 0], wanted, atol=1e-4)
    np.testing.assert_allclose(x.pooled["audio"][:, 1], [NAN, *wanted[:-1]], atol=1e-4)
    np.testing.assert_allclose(
        load(table, {"audio": ("one",)}, normalise="quantile").pooled["audio"][:, 0],
        np.where(np.arange(8) == 5, NAN, raw),  # what is learnt on training rows is not applied here
        rtol=1e-6,
    )
    with pytest.raises(ModelError, match="missing for 1 of 8"):
        load(table.assign(speaker=[*speaker[:7], ""]), {"audio": ("one",)}, normalise="speaker")


OWN = {
    "features": {"audio": ("mfcc",)},
    "classifiers": ("svm",),
    "normalise": "quantile",
    "context": ContextParams(1),
    "sequences": SequenceParams("word"),
}


@pytest.mark.parametrize("name", OWN)
def test_a_corpus_overrules_one_setting_of_training_and_leaves_the_others(name):
    train = TrainParams(features={"text": ("bert",), "audio": ("prosody",), "video": ("posture",)})
    plain = CorpusParams("manifest", "c", "classification", "label", ("text", "audio"), PROTOCOL)
    own = CorpusParams(**{**vars(plain), name: OWN[name]})
    params = Params(Path("p"), RunParams(), {"plain": plain, "own": own}, {}, (), {}, train, None)
    before, after = (vars(settings_of(params, corpus)) for corpus in ("plain", "own"))
    assert before == {**vars(train), "features": {"text": ("bert",), "audio": ("prosody",)}}
    changed = {"text": ("bert",), "audio": ("mfcc",)} if name == "features" else OWN[name]
    assert after == {**before, name: changed}


def stepped(features, table, align="word"):
    corpus = CorpusParams("manifest", "c", "classification", "label", tuple(features), PROTOCOL)
    settings = TrainParams(features=features, sequences=SequenceParams(align, 0.1))
    return step_settings("c", settings, corpus, table)


def test_steps_are_words_where_every_utterance_has_timed_ones():
    store("bert", [ok([1, 2], times=[[0, 0.1], [0.1, 0.2]])] * 2)
    store("mfcc", [ok([1, 2, 3])] * 2)
    settings, notices = stepped({"text": ("bert",), "audio": ("mfcc",)}, utterances(2))
    assert (settings.sequences.align, notices) == ("word", [])


@pytest.mark.parametrize("align", ["word", "none"])
@pytest.mark.parametrize("text", [(), ("tfidf",), ("bert",), ("bert", "tfidf"), None], ids=str)
def test_words_without_times_give_steps_in_seconds_and_a_notice(text, align):
    store("bert", [untimed([1, 2, 3])] * 2)
    store("mfcc", [ok([1, 2, 3])] * 2)
    features = {"audio": ("mfcc",)} if text is None else {"text": text, "audio": ("mfcc",)}
    table = utterances(2, text=["so it is", "so be it"])
    settings, notices = stepped(features, table, align)
    assert settings.sequences.align == "none"
    assert [align, len(notices)] in (["word", 1], ["none", 0])
    assert all("no utterance has timed words" in notice and "0.1 s" in notice for notice in notices)
    x = load(table, features, settings.sequences)
    assert steps(x, "audio") == [[[1.0], [2.0], [3.0]]] * 2  # never one step of everything


@pytest.mark.parametrize(
    ("modalities", "said"),
    [
        (("audio",), "(text is not one of the corpus's modalities): steps are 0.1 s of voice, as with"),
        (("audio", "video"), "steps are 0.1 s of voice and face, as with"),
        (("text", "video"), "steps are 0.1 s of face, and the rows of text, as with"),
        (("text",), "steps are the rows of text, as with"),
    ],
)
def test_only_modalities_that_are_there_are_spoken_of(modalities, said):
    for modality in modalities:
        store(modality, [untimed([1, 2, 3])] * 2)
    _, (notice,) = stepped({modality: (modality,) for modality in modalities}, utterances(2))
    assert said in notice


def test_utterances_without_timed_words_among_others_are_counted():
    timed, none = ok([1, 2], times=[[0, 0.1], [0.1, 0.2]]), untimed([1, 2])
    store("bert", [timed, none, "empty", timed])
    settings, (notice,) = stepped({"text": ("bert",)}, utterances(4))
    assert settings.sequences.align == "word"
    assert "2 of 4 utterances have no timed words" in notice


def test_words_without_times_among_timed_ones_are_counted():
    store("bert", [ok([1, 2, 3], times=[[0, 0.1], [NAN, NAN], [0.2, 0.3]]), ok([4], times=[[0, 1]])])
    settings, (notice,) = stepped({"text": ("bert",)}, utterances(2))
    assert settings.sequences.align == "word"
    assert "belong to no step (1 in all)" in notice


def test_steps_of_words_are_refused_where_nothing_says_when_words_are_spoken():
    store("mfcc", [ok([1, 2, 3])])
    with pytest.raises(UserError, match="the corpus has no text with word times"):
        load(utterances(1), {"audio": ("mfcc",)}, SequenceParams("word"))


@pytest.mark.parametrize("place", ["pooled", "values"])
def test_an_infinite_feature_is_named_with_its_utterance(place):
    """A store may be of a time when nothing looked; the values of a sequence are looked at where they are read."""
    entries = [ok([i, i], pooled=[float(i)]) for i in range(3)]
    bad = entries[1].clips["pooled"] if place == "pooled" else entries[1].rows["values"]
    bad.flat[0] = -np.inf
    store("one", entries)
    features = {"audio": ("one",)}
    with pytest.raises(UserError, match=r"one\.h5 holds an infinite feature of 'u1'"):
        load(utterances(3, group=["g", "h", "g"]), features, SequenceParams())
    if place == "values":
        load(utterances(3, group=["g", "h", "g"]), features)
