"""Two spellings of one id are matched; different ids are not."""

import pytest

from pipeline.tables.near_ids import clearly_same, nearly_equal


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("1", "01"), ("1", "1.0"), ("utt_1", "utt_01"), ("a", "A"), ("caf\u00e9", "cafe\u0301"), ("ａ１", "a1"),
        ("a b", "ab"), ("a b", "a_b"), ("a-b", "a_b"), ("vid$_$3", "vid_3"), ("a", "a.wav"), ("a.mp4", "a.wav"),
        ("a", "clips/a"), ("a", "C:\\x\\a.WAV"), ("s1/a", "data/s1/a"), ("s1/a", "a"), ("'1'", "1"), ("a\u200bb", "ab"),
        ("STRASSE", "straße"), ("./a", "a"), ("0", "00"), ("dia1_utt2", "dia01_utt02"),
    ],
)  # fmt: skip
def test_one_id_in_two_spellings(mine, theirs):
    assert nearly_equal([mine, "p"], ["q", theirs]) == [(mine, theirs)]
    assert nearly_equal([theirs], [mine]) == [(theirs, mine)]


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [("1.1", "1.10"), ("1.1", "1.01"), ("1_23", "12_3"), ("s1/01", "s2/01"), ("a.1", "a.2"), ("1", "10"), ("a", "b"),
     ("Ses01F_impro01", "Ses01M_impro01"), ("10", "1"), ("a.b", "a.c")],
)  # fmt: skip
def test_different_ids_are_not_paired(mine, theirs):
    assert nearly_equal([mine], [theirs]) == []


def test_an_id_is_in_one_pair_only():
    assert nearly_equal(["a", "A"], ["a "]) == [("a", "a ")]


@pytest.mark.parametrize(
    ("pairs", "exact", "same"),
    [
        ([("QxYz", "qXyZ")], 23, False),
        ([("QxYz", "qXyZ")], 1, False),
        ([(f"A{i}", f"a{i}") for i in range(12)], 0, True),
        ([(f"A{i}", f"a{i}") for i in range(12)], 11, True),
        ([(f"A{i}", f"a{i}") for i in range(12)], 12, False),
        ([(str(i), f"{i:02}") for i in range(1, 10)], 3, True),  # 1..12 and 01..12
        ([(str(i), f"{i:03}") for i in range(1, 100)], 101, True),  # 1..200 and 001..200
        ([("s1_01", "s1_1")], 500, False),
        ([("a", "a.wav")], 0, True),
    ],
)
def test_a_few_similar_ids_among_many_that_match_may_be_different(pairs, exact, same):
    assert clearly_same(pairs, exact) == same
