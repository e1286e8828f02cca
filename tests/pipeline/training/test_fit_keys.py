"""What a fit is known by: all that could change it is in its key, nothing else is, and the cache loses no bit of it."""

import os
from dataclasses import fields, replace

import numpy as np
import pytest

from features.store import open_store
from models.configuration import Configuration
from models.registry import strategy, strategy_names
from models.validation.protocol import Fold
from pipeline.errors import Changed
from pipeline.run import code
from pipeline.settings.blocks import ContextParams, CorpusParams, ProtocolParams, SequenceParams, TrainParams
from pipeline.settings.paths import CorpusPaths
from pipeline.training import fit_keys
from pipeline.training.fit_keys import fit_key
from pipeline.training.jobs import Job
from tests.conftest import bind
from tests.pipeline.training.test_inputs import ok, store, utterances

THREE = ("text", "audio", "video")
AUDIO, TWO = Configuration("unimodal", ("audio",), "svm"), Configuration("concat", ("text", "audio"), "logistic")
FEATURES = {"text": ("bert",), "audio": ("mfcc",), "video": ("face",)}


CORPUS = CorpusParams("manifest", "c", "classification", "label", THREE, ProtocolParams("group-kfold", 2, "speaker"))
SETTINGS = TrainParams(features=FEATURES, settings={"logistic": {"C": [1.0, 2.0]}, "pca": {"components": 3}})


def fold(train=(0, 1, 2), test=(3,), inner=(((0, 1), (2,)),), name="fold-1"):
    pairs = tuple((np.array(a), np.array(b)) for a, b in inner)
    return Fold(name, np.array(train), np.array(test), pairs)


def write_inputs():
    """Write the feature stores and the utterance table of the corpus into the working directory."""
    for (name,) in FEATURES.values():
        store(name, [ok([i, i + 1]) for i in range(4)])
    table(label=list("abab"))


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_inputs()
    (tmp_path / "own.py").write_text("A = 1\n")
    return Job("c", str(tmp_path), CORPUS, SETTINGS, (str(tmp_path / "own.py"),), fold(), (AUDIO, TWO))


def table(**columns):
    utterances(4, **columns).to_csv(CorpusPaths("c").utterances, index=False)
    bind(CorpusPaths("c").work)


def later(path):
    """Make a file that was written again younger than it was, however quick that went."""
    later.ns = getattr(later, "ns", path.stat().st_mtime_ns) + 10**9
    os.utime(path, ns=(later.ns, later.ns))


def train(**changes):
    return lambda job: replace(job, settings=replace(job.settings, **changes))


def corpus(**changes):
    return lambda job: replace(job, corpus=replace(job.corpus, **changes))


def on(**changes):
    return lambda job: replace(job, fold=fold(**changes))


def own(**changes):
    return train(settings={**SETTINGS.settings, **changes})


CHANGES = {
    "training rows": on(train=(0, 1, 2, 4)),
    "order of training rows": on(train=(0, 2, 1)),
    "test rows": on(test=(3, 4)),
    "inner training rows": on(inner=(((0,), (2,)),)),
    "inner validation rows": on(inner=(((0, 1), (2, 1)),)),
    "no inner folds": on(inner=()),
    "name of the fold": on(name="fold-2"),
    "the strategy's settings": own(concat={"weighting": "column"}),
    "the classifier's settings": own(logistic={"C": [1.0, 3.0]}),
    "order of a grid": own(logistic={"C": [2.0, 1.0]}),
    "budget": train(budget=2),
    "normalise": train(normalise="quantile"),
    "context": train(context=ContextParams(1)),
    "dialogue": train(context=ContextParams(by="recording")),
    "tfidf": train(tfidf={"min_df": 2}),
    "word2vec": train(word2vec={"size": 9}),
    "extractors": train(features={**FEATURES, "audio": ("mfcc", "face")}),
    "transformers": train(features={**FEATURES, "text": ("bert", "tfidf")}),
    "label": corpus(label="speaker"),
    "task": corpus(task="regression"),
    "group": corpus(protocol=ProtocolParams("group-kfold", 2, "recording")),
    "shuffled": lambda job: replace(job, shuffled=0),
}
NO_CHANGES = {
    "another strategy's settings": own(pca={"components": 5}, vote={"voting": "all"}),
    "another classifier's settings": own(svm={"C": 1.0}),
    "other rows of the table": train(
        classifiers=("svm",), fusions=("pca",), unimodal_models=(), fusion_classifier="svm"
    ),
    "features of a modality that is not read": train(features={**FEATURES, "video": ("mfcc",)}),
    "windows and words of models over time": train(sequences=SequenceParams("word", 1.0)),
    "note": corpus(note="Read with care."),
    "figures of the table": corpus(metrics=("uar", "accuracy")),
    "modalities that are not read": corpus(modalities=("text", "audio")),
    "where the corpus lies": corpus(root="elsewhere", reader="mosi"),
    "how many folds there are": corpus(protocol=ProtocolParams("crossfit", 9, "speaker")),
    "how rows are shared out to workers": lambda job: replace(job, configurations=(TWO,)),
    "type of the rows' numbers": lambda job: replace(job, fold=replace(fold(), test=np.array([3], np.int32))),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_could_change_a_fit_changes_its_key(name, job):
    assert fit_key(CHANGES[name](job), TWO) != fit_key(job, TWO)


@pytest.mark.parametrize("name", NO_CHANGES)
def test_what_cannot_change_a_fit_leaves_its_key(name, job):
    assert fit_key(NO_CHANGES[name](job), TWO) == fit_key(job, TWO)


FIELDS = {  # of the settings -> a value of their own, and whether it may change a fit of TWO
    "CorpusParams": {
        "reader": ("mosi", False),
        "root": ("elsewhere", False),
        "task": ("regression", True),
        "label": ("speaker", True),
        "modalities": (("text", "audio"), False),
        "protocol": (ProtocolParams("group-kfold", 2, "recording"), True),
        "note": ("Read with care.", False),
        "metrics": (("uar",), False),
        # `settings_of` has put these into the settings of training
        "features": ({"audio": ("face",)}, False),
        "classifiers": (("svm",), False),
        "normalise": ("quantile", False),
        "context": (ContextParams(1), False),
        "sequences": (SequenceParams("word"), False),
        # these act through the utterance table and its words
        "transcribe": ("always", False),
        "align": ("always", False),
        "of": (("one", "other"), False),
        "labels": ({"fearful": "fear"}, False),
        "speakers_unknown": (True, False),
    },
    "TrainParams": {
        "features": ({**FEATURES, "audio": ("face",)}, True),
        "tfidf": ({"min_df": 2}, True),
        "word2vec": ({"size": 9}, True),
        "classifiers": (("svm",), False),
        "unimodal_models": ((), False),
        "table": ("paper", False),
        "fusions": (("pca",), False),
        "fusion_classifier": ("svm", False),
        "settings": ({"logistic": {"C": [9.0]}}, True),
        "budget": (2, True),
        "normalise": ("quantile", True),
        "sequences": (SequenceParams("word"), False),  # only of models over time
        "context": (ContextParams(1), True),
    },
}


@pytest.mark.parametrize("cls", [CorpusParams, TrainParams])
def test_every_setting_is_in_the_key_or_known_to_change_no_fit(cls, job):
    """A new setting fails here until somebody has decided which it is."""
    known = FIELDS[cls.__name__]
    assert {f.name for f in fields(cls)} == set(known)
    for name, (value, counts) in known.items():
        changed = (corpus if cls is CorpusParams else train)(**{name: value})(job)
        assert (fit_key(changed, TWO) != fit_key(job, TWO)) is counts, name


@pytest.mark.parametrize(
    "written",
    [
        {"entries": [ok([i, i + 1], pooled=[float(i == 2)]) for i in range(4)]},
        {"entries": [ok([i, i + 2]) for i in range(4)]},
        {"entries": [ok([i, i + 1], [[0, 5], [5, 9]]) for i in range(4)]},
        {"entries": [ok([i, i + 1]) for i in range(4)], "columns": ("b",)},
    ],
    ids=["pooled", "rows", "times", "names of columns"],
)
def test_a_store_counts_by_its_values_under_the_same_keys(written, job):
    before = fit_key(job, TWO)
    store("bert", **written)
    later(CorpusPaths("c").features("bert"))
    assert fit_key(job, TWO) != before


def test_keys_of_different_rows_seeds_and_folds_are_all_different(job):
    rows = [TWO, replace(TWO, model="svm"), replace(TWO, strategy="vote"), replace(TWO, modalities=("audio",)), AUDIO]
    jobs = [replace(job, shuffled=seed, fold=one) for seed in (None, 0, 1) for one in (fold(), fold(test=(4,)))]
    assert len({fit_key(one, row) for one in jobs for row in rows}) == 30


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ({"entries": [ok([i, i + 1]) for i in range(4)]}, True),
        ({"entries": [ok([i, i + 1]) for i in range(4)], "keys": "other code"}, False),
        ({"entries": [*(ok([i, i + 1]) for i in range(3)), "failed"]}, False),
        ({"entries": [ok([i, i + 1]) for i in range(4)], "names": ["u0", "u1", "u3", "u2"]}, False),
    ],
)
def test_a_store_counts_by_its_content_keys_and_only_where_it_is_read(written, same, job):
    before = {row: fit_key(job, row) for row in (TWO, AUDIO)}
    store("bert", **written)
    later(CorpusPaths("c").features("bert"))
    with open_store(CorpusPaths("c").features("bert")) as there:
        assert len(there) == 4
    assert (fit_key(job, TWO) == before[TWO]) is same
    assert fit_key(job, AUDIO) == before[AUDIO]


def test_utterances_and_the_code_of_plugins_count_by_what_is_written_there(job, tmp_path, monkeypatch):
    path, before = CorpusPaths("c").utterances, fit_key(job, TWO)
    later(path)
    assert fit_key(job, TWO) == before
    table(label=list("abaa"))
    later(path)
    changed = fit_key(job, TWO)
    assert changed != before
    (tmp_path / "own.py").write_text("A = 2\n")
    with pytest.raises(Changed, match=r"own\.py was edited while this command ran"):
        fit_key(job, TWO)  # this process runs the old code
    monkeypatch.setattr("pipeline.settings.plugins._KEYS", {})  # a new process
    assert fit_key(job, TWO) not in (before, changed)


def test_code_that_is_changed_beside_a_run_gives_no_key(job, tmp_path, monkeypatch):
    copies = []
    for file in code.files_of(code.OF_A_FIT):
        copies.append(tmp_path / "code" / file.relative_to(code._ROOT))
        copies[-1].parent.mkdir(parents=True, exist_ok=True)
        copies[-1].write_bytes(file.read_bytes())
    before = fit_key(job, TWO)
    monkeypatch.setattr(code, "_ROOT", tmp_path / "code")
    monkeypatch.setattr(fit_keys, "files_of", lambda packages: tuple(copies))
    assert fit_key(job, TWO) == before  # written again, the same
    copies[0].write_text(copies[0].read_text() + "# new\n")
    with pytest.raises(Changed, match="the code of crossmodal was changed while this command ran"):
        fit_key(job, TWO)


@pytest.mark.parametrize("text", ["vectors one", "vectors two"])
def test_word_vectors_count_by_their_content(text, job, tmp_path):
    (tmp_path / "v.txt").write_text("vectors one")
    (tmp_path / "w.txt").write_text(text)
    moved = [train(word2vec={"vectors": str(tmp_path / name)})(job) for name in ("v.txt", "w.txt")]
    first = fit_key(moved[0], TWO)
    assert first != fit_key(moved[1], TWO)  # another path is another setting
    (tmp_path / "v.txt").write_text(text)
    assert (fit_key(moved[0], TWO) == first) is (text == "vectors one")


OVER_TIME = {
    "intermediate",
    "transformer",
    "modality_attention",
    "cross_attention",
    "self_attention",
    "spectrogram_cnn",
}
MODELS = [(s, m) for s in strategy_names() for m in (("logistic", "lstm") if strategy(s).classifier else ("",))]


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_windows_and_the_spectrogram_count_for_models_over_time_alone(name, model, job):
    row = Configuration(name, ("audio",) if strategy(name).kind == "unimodal" else ("text", "audio"), model)
    over_time = name in OVER_TIME or (model == "lstm" and strategy(name).kind != "baseline")
    silent = replace(row, modalities=("video",))
    before, coarser = fit_key(job, row), train(sequences=SequenceParams(step_s=0.5))(job)
    before_silent = fit_key(job, silent)
    assert (fit_key(coarser, row) != before) is over_time
    store("spectrogram", [ok([1, 2])] * 4)
    with_frames = fit_key(job, row)
    assert (with_frames != before) is over_time
    store("spectrogram", [ok([1, 3])] * 4)
    later(CorpusPaths("c").features("spectrogram"))
    assert (fit_key(job, row) != with_frames) is over_time
    assert fit_key(job, silent) == before_silent


def test_word_times_count_where_steps_are_words(job):
    words, row = train(sequences=SequenceParams("word"))(job), Configuration("unimodal", ("audio",), "lstm")
    before = fit_key(words, row)
    store("bert", [ok([i, i + 1], [[0, 5], [5, 9]]) for i in range(4)], keys="other times")
    later(CorpusPaths("c").features("bert"))
    assert fit_key(words, row) != before
