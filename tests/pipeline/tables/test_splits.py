"""Names of splits: what each means, and what is not guessed."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.tables.splits import SPLITS, check_meanings, meanings, remedy, split_of


@pytest.mark.parametrize(("cell", "split"), [(" Train", "train"), ("VALID ", "valid"), ("test", "test"), ("  ", "")])
def test_cells_of_a_split_column(cell: str, split: str) -> None:
    assert split_of(cell) == split


@pytest.mark.parametrize(("cell", "meant"), [("dev", "valid"), ("Training", "train"), ("eval", "test")])
def test_another_word_is_refused_with_the_split_that_may_be_meant(cell: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean '{meant}'"):
        split_of(cell)


@pytest.mark.parametrize(
    ("names", "given", "found"),
    [
        (["train", "dev", "test"], {}, {"train": "train", "dev": "valid", "test": "test"}),
        (["Training", "Testing"], {}, {"Training": "train", "Testing": "test"}),
        (["train", "dev"], {}, {"train": "train"}),  # dev may be the test part
        (["train", "dev", "val", "test"], {}, {"train": "train", "test": "test"}),  # both could be valid
        (["train", "valid", "dev", "test"], {}, {"train": "train", "valid": "valid", "test": "test"}),
        (["a", "b"], {"a": "train", "b": "test"}, {"a": "train", "b": "test"}),
        (["train", "dev"], {"DEV ": "test"}, {"train": "train", "dev": "test"}),
        (["train", "fold3"], {}, {"train": "train"}),
    ],
)
def test_meanings_of_names(names: list[str], given: dict[str, str], found: dict[str, str]) -> None:
    assert meanings(names, given)[0] == found


def test_assumed_meanings_and_unused_ones_are_notices() -> None:
    assert meanings(["train", "dev", "test"], {"holdout": "test"})[1] == [
        "the part 'dev' is read as valid",
        "no part is named 'holdout', so its --split-name (test) has no effect",
    ]


def test_a_meaning_must_be_a_split() -> None:
    check_meanings(Path("f.csv"), dict.fromkeys("abc", "train"))
    with pytest.raises(UserError, match=r"f\.csv: the split 'dev' cannot mean 'vald'; did you mean 'valid'"):
        check_meanings(Path("f.csv"), {"dev": "vald"})
    assert all(split in remedy("x") for split in SPLITS)
    assert remedy("my dev").endswith("(--split-name my dev=test)")
