import numpy as np
import pytest

from models.data.modalities import Modalities, Ragged
from models.errors import ModelError


def make(n=6):
    return Modalities(
        pooled={"audio": np.arange(2.0 * n, dtype=np.float32).reshape(n, 2)},
        present={"audio": np.arange(n) % 2 == 0, "text": np.ones(n, bool)},
        text=np.array([f"t{i}" for i in range(n)], object),
        groups=np.arange(n) // 2,
        names={"audio": ("loud", "high")},
    )


@pytest.mark.parametrize(
    "rows",
    [
        [0, 2, 5],
        np.array([5, 0]),
        slice(1, 4),
        np.array([True, False, True, False, False, True]),
        (np.array([1, 3]), Ellipsis),
        np.array([], dtype=int),
        [],
        3,
    ],
)
def test_the_same_rows_are_selected_from_all_columns(rows):
    x = make()
    plain = rows[0] if isinstance(rows, tuple) else rows
    wanted = np.atleast_1d(np.arange(6)[plain if not isinstance(plain, list) or plain else slice(0)])
    taken = x[rows]
    assert len(taken) == len(wanted) == taken.shape[0]
    assert taken.pooled["audio"][:, 0].tolist() == (2 * wanted).tolist()
    assert taken.present["audio"].tolist() == (wanted % 2 == 0).tolist()
    assert taken.text.tolist() == [f"t{i}" for i in wanted]
    assert taken.groups.tolist() == (wanted // 2).tolist()
    assert taken.names == x.names


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": np.array(["a"], object)}, r"text has shape \(1,\), but there are 6 utterances"),
        ({"present": {"audio": np.ones(5, bool)}}, r"present\['audio'\] has shape \(5,\)"),
        ({"pooled": {"audio": np.ones((4, 2), np.float32)}}, r"pooled\['audio'\] has shape \(4, 2\)"),
        ({"pooled": {"audio": np.ones(6, np.float32)}}, r"must be \(utterances, features\)"),
        ({"pooled": {"face": np.ones((6, 2), np.float32)}}, r"pooled\['face'\] has no presence mask"),
        ({"names": {"audio": ("one",)}}, "has 1 entries"),
        ({"pooled": {"audio": np.full((6, 2), np.inf, np.float32)}}, "infinite"),
    ],
)
def test_shapes_that_do_not_fit_are_named(change, message):
    x = make()
    parts = {"pooled": x.pooled, "present": x.present, "text": x.text, "groups": x.groups, "names": x.names}
    with pytest.raises(ModelError, match=message):
        Modalities(**{**parts, **change})


def test_two_dimensional_indexing_is_refused():
    with pytest.raises(ModelError, match="only be indexed by rows"):
        make()[0, 1]


def test_an_unknown_modality_is_refused_with_a_list_of_the_known_ones():
    with pytest.raises(ModelError, match="no modality 'face'; available: audio, text"):
        make().mask("face")


def test_the_fingerprint_changes_with_the_content_and_nothing_else():
    x = make()
    assert x.fingerprint(["audio"]) == make().fingerprint(["audio"])
    changed = make()
    changed.pooled["audio"][3, 1] += 1
    assert changed.fingerprint(["audio"]) != x.fingerprint(["audio"])
    assert changed.fingerprint(["text"]) == x.fingerprint(["text"])
    assert x[[0, 1]].fingerprint(["audio"]) != x[[1, 0]].fingerprint(["audio"])
    masked = make()
    masked.present["audio"][0] = False
    assert masked.fingerprint(["audio"]) != x.fingerprint(["audio"])


def test_selecting_rows_of_sequences_copies_nothing():
    r = Ragged.of([np.full((n, 2), n, np.float32) for n in (3, 0, 2)])
    chosen = r[[2, 0]]
    assert chosen.steps is r.steps
    assert chosen.values(0).tolist() == [[2, 2], [2, 2]]
    assert chosen.rows().tolist() == [3, 4, 0, 1, 2]
    assert chosen.fingerprint() != r[[0, 2]].fingerprint()


def test_removing_a_modality_clears_its_mask_alone():
    x = Modalities(
        {"audio": np.ones((2, 1), np.float32)},
        {"audio": np.full(2, True), "text": np.full(2, True)},
        np.array(["a", "b"], object),
        np.arange(2),
    )
    assert not x.without(["audio"]).present["audio"].any()
    assert x.without(["audio"]).present["text"].all()
    with pytest.raises(ModelError, match="no modality 'video'"):
        x.without(["video"])
