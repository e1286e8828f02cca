"""Networks over several modalities on planted data: what they must learn, and what nothing could learn."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold

from models.classical.search_space import search_space
from models.data.modalities import Modalities, Ragged
from models.registry import Recipe, build, model_names, reads_sequences

TWO = ("text", "audio")
ONE = {"dropout": 0.1}  # no choice, so that a fit trains one network
NETS = ("intermediate", "transformer", "modality_attention", "cross_attention", "self_attention")


def exclusive_or(n=400, seed=0, sequences=False):
    """Two modalities, each with a sign and noise; the class is whether the signs agree: neither alone predicts it."""
    rng = np.random.default_rng(seed)
    signs = {m: rng.choice([-1, 1], n) for m in TWO}
    y = (signs["text"] == signs["audio"]).astype(int)
    numbers = {
        m: (0.5 * rng.normal(size=(n, 4)) + 2 * s[:, None] * [1, 0, 0, 0]).astype(np.float32) for m, s in signs.items()
    }
    here, none, groups = {m: np.ones(n, bool) for m in TWO}, np.full(n, None), np.arange(n) % 20
    if not sequences:
        return Modalities(numbers, here, none, groups), y
    steps = {
        m: Ragged.of([(row + 0.3 * rng.normal(size=(rng.integers(2, 9), 4))).astype(np.float32) for row in rows])
        for m, rows in numbers.items()
    }
    return Modalities({}, here, none, groups, {}, steps), y


def made(name, classifier="", task="classification", modalities=TWO, **more):
    own = {"settings": {**ONE, **more}}
    if classifier:
        own = {"classifier": classifier}
        own["classifier_settings"] = {"logistic": {"C": 1.0}, "fcnn": {"hidden": 32}}.get(classifier, {**ONE, **more})
    return build(name, Recipe(task, modalities, **own))


def accuracy(model, x, y):
    train, test = next(iter(GroupKFold(2).split(y, groups=x.groups)))
    return (model.fit(x[train], y[train]).predict(x[test]) == y[test]).mean()


@pytest.mark.parametrize("sequences", [False, True], ids=["pooled", "sequences"])
@pytest.mark.parametrize(
    ("name", "more"), [*((name, {}) for name in NETS), ("intermediate", {"encoder": "cnn"}), ("concat/lstm", {})]
)
def test_networks_learn_a_class_that_only_two_modalities_together_determine(name, more, sequences):
    name, _, classifier = name.partition("/")
    x, y = exclusive_or(sequences=sequences)
    long = {"epochs": 80, "patience": 30} if classifier else {}  # an LSTM over one step learns slowly
    assert accuracy(made(name, classifier, **more, **long), x, y) > 0.7


def test_an_autoencoders_code_keeps_what_only_two_modalities_together_determine():
    x, y = exclusive_or()
    assert accuracy(made("autoencoder", "fcnn"), x, y) > 0.7


@pytest.mark.parametrize("name", ["vote", "weighted", "product", "stacking", "concat"])
def test_late_and_additive_fusion_cannot(name):
    """Each base of late fusion sees one sign and is at chance, so nothing is left to combine.

    A linear model on the joined columns adds what each says, and no sum of the two signs is their agreement.
    """
    x, y = exclusive_or()
    assert 0.38 < accuracy(made(name, "logistic"), x, y) < 0.62


@pytest.mark.parametrize("name", NETS)
def test_shuffled_labels_give_chance(name):
    x, y = exclusive_or(sequences=True)
    assert 0.38 < accuracy(made(name, epochs=6), x, np.random.default_rng(3).permutation(y)) < 0.62


@pytest.mark.parametrize("name", NETS)
def test_a_score_is_learnt_from_steps(name):
    rng = np.random.default_rng(0)
    score = rng.uniform(-3, 3, 200)
    steps = [(rng.normal(size=(rng.integers(1, 8), 3)) + np.array([s, 0, 0])).astype(np.float32) for s in score]
    x = Modalities(
        {}, {"audio": np.ones(200, bool)}, np.full(200, None), np.arange(200) % 20, {}, {"audio": Ragged.of(steps)}
    )
    model = made(name, task="regression", modalities=("audio",)).fit(x[:150], score[:150])
    assert np.corrcoef(model.predict(x[150:]), score[150:])[0, 1] > 0.8


@pytest.mark.parametrize("name", NETS)
def test_an_utterance_gets_the_same_output_alone_and_with_a_longer_one(name):
    x, y = exclusive_or(60, sequences=True)
    model = made(name, epochs=3).fit(x, y)
    lengths = sum(x.sequences[m].lengths for m in TWO)
    short, long = int(lengths.argmin()), int(lengths.argmax())
    alone, beside = model.predict_proba(x[[short]])[0], model.predict_proba(x[[long, short]])[1]
    np.testing.assert_allclose(alone, beside, atol=1e-9)


def test_steps_of_an_absent_modality_are_never_read():
    x, y = exclusive_or(60, sequences=True)
    mask = {**x.present, "audio": np.arange(60) % 3 > 0}
    wild = Ragged.of(
        [v if mask["audio"][i] else 99 + v for i, v in enumerate(map(x.sequences["audio"].values, range(60)))]
    )
    quiet = Modalities({}, mask, x.text, x.groups, {}, x.sequences)
    loud = Modalities({}, mask, x.text, x.groups, {}, {**x.sequences, "audio": wild})
    for name in (*NETS, "concat/lstm"):
        name, _, classifier = name.partition("/")
        one, two = (made(name, classifier, epochs=3).fit(data, y).predict_proba(data) for data in (quiet, loud))
        np.testing.assert_array_equal(one, two)


def test_settings_are_chosen_on_inner_folds_and_a_budget_limits_them():
    x, y = exclusive_or(200)
    folds = list(GroupKFold(2).split(y, groups=x.groups))
    slow = {"learning_rate": [1e-7, 1e-2], "dropout": 0.1, "epochs": 15}
    model = build("intermediate", Recipe("classification", TWO, settings=slow)).fit(x, y, folds)
    assert model.settings_["learning_rate"] == 1e-2
    assert np.isfinite(model.out_of_fold_).all()
    assert model.score(x, y) > 0.9
    assert (model.out_of_fold_.argmax(axis=1) == y).mean() > 0.7
    one = build("intermediate", Recipe("classification", TWO, settings=slow, budget=1)).fit(x, y, folds)
    assert one.settings_["learning_rate"] == 1e-7
    assert np.isnan(one.out_of_fold_).all()


@pytest.mark.parametrize("name", [*NETS, "spectrogram_cnn"])
def test_a_network_is_trained_once_unless_a_setting_lists_several_values(name):
    model = build(name, Recipe("classification", ("audio",)))
    assert len(search_space(model.DEFAULTS, None, name)) == 1
    assert len(search_space(model.DEFAULTS, {"dropout": [0.1, 0.3, 0.5]}, name)) == 3


def test_names_and_which_strategies_read_sequences():
    assert model_names()[-1] == "lstm"
    assert [
        reads_sequences(*row)
        for row in (
            ("concat", "svm"),
            ("pca", "lstm"),
            ("vote", "fcnn"),
            ("majority", "lstm"),
            ("unimodal", "lstm"),
            ("spectrogram_cnn", ""),
        )
    ] == [False, True, False, False, True, True]
