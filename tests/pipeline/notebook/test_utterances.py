"""Utterances are a table of modalities to scikit-learn, and change nothing that a model reads."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance
from sklearn.model_selection import cross_val_score

from models.data.modalities import Modalities, Ragged
from models.errors import ModelError
from pipeline.notebook.utterances import Utterances


def made(n: int = 6) -> Utterances:
    rng = np.random.default_rng(0)
    steps = Ragged.of([np.full((i % 3 + 1, 2), i, np.float32) for i in range(n)])
    data = Modalities(
        pooled={"text": rng.normal(size=(n, 2)).astype(np.float32), "audio": np.arange(n, dtype=np.float32)[:, None]},
        present={"text": np.arange(n) != 1, "audio": np.ones(n, bool)},
        text=np.array([f"t{i}" for i in range(n)], object),
        groups=np.arange(n) // 2,
        names={"text": ("<b>", "b"), "audio": ("level",)},
        sequences={"audio": steps, "spectrogram": steps},
    )
    return Utterances.of(data, [f"u{i}" for i in range(n)])


@pytest.mark.parametrize(
    "rows", [[4, 0], np.array([4, 0]), slice(1, 3), np.array([True] + [False] * 5), [], (np.array([2]), Ellipsis)]
)
def test_selecting_rows_keeps_everything_together(rows: object) -> None:
    x = made()
    plain = rows[0] if isinstance(rows, tuple) else rows
    places = np.arange(6)[plain if not isinstance(plain, list) else np.array(plain, int)]  # type: ignore[index]
    some = x[rows]
    assert isinstance(some, Utterances)
    assert some.utterances.tolist() == [f"u{i}" for i in places]
    assert some.text.tolist() == [f"t{i}" for i in places]
    assert some.pooled["audio"][:, 0].tolist() == places.tolist()
    assert [some.sequences["audio"].values(j)[0, 0] for j in range(len(some))] == places.tolist()


class Loudness(ClassifierMixin, BaseEstimator):
    """Predicts from the level alone, and checks that a modality moves as a whole."""

    def fit(self, x: Utterances, y: object) -> "Loudness":
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, x: Utterances) -> np.ndarray:
        first = [x.sequences["audio"].values(i)[0, 0] for i in range(len(x))]
        assert first == x.pooled["audio"][:, 0].tolist()
        return (x.pooled["audio"][:, 0] >= 3).astype(int)


def test_permutation_importance_permutes_whole_modalities() -> None:
    x, y = made(), np.array([0, 0, 0, 1, 1, 1])
    before = x.fingerprint(x.modalities)
    found = permutation_importance(Loudness().fit(x, y), x, y, n_repeats=10, random_state=0)
    importance = dict(zip(x.columns, found.importances_mean, strict=True))
    assert importance["text"] == 0
    assert importance["audio"] > 0.2
    assert x.fingerprint(x.modalities) == before
    assert permutation_importance(Loudness().fit(x, y), x, y, max_samples=0.5, random_state=0).importances.shape == (
        2,
        5,
    )
    assert cross_val_score(Loudness(), x, y, cv=3).tolist() == [1, 1, 1]


def test_only_a_permutation_of_the_same_modality_can_be_put_in() -> None:
    x = made()
    for column in (np.zeros(6), x.copy().iloc[[0] * 6, 1], x.iloc[[0] * 6, 0]):
        with pytest.raises(ModelError, match="audio can be replaced only by a permutation of itself"):
            x["audio"] = column
    with pytest.raises(ModelError, match="axis must be 0"):
        x.take([0], axis=1)


def test_features_as_a_table_are_missing_where_the_modality_is() -> None:
    frame = made().to_frame()
    assert frame.shape == (6, 3)
    assert frame.index[1] == "u1"
    assert frame["text"].iloc[1].isna().all()
    assert frame["audio", "level"].tolist() == list(range(6))
    assert made().to_frame("audio").columns.tolist() == ["level"]
    with pytest.raises(ModelError, match="no modality 'smell'"):
        made().to_frame("smell")


def test_it_is_described_in_one_line() -> None:
    assert repr(made()) == "<6 utterances: text 2 features (5 present), audio 1 feature (6 present)>"
    odd = Utterances.of(Modalities({}, {"<i>": np.ones(1, bool)}, np.array([None], object), np.zeros(1)), ["a"])
    assert "&lt;i&gt;" in odd._repr_html_()
    assert "5 of 6" in made()._repr_html_()
