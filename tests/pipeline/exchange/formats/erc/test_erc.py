"""Pickles of conversations are recognised by their content; others are refused, and their content is named."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.erc.erc import read
from tests.pipeline.exchange.formats.erc.pickled import PLAIN, iemocap, save


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": 1}, "holds a dict, which"),
        ([1, 2, 3], r"holds a list of 3 \(int, int, int\)"),
        ("text", "holds a str"),
        (tuple([{}] * 9), "holds a tuple of 9"),
        ([{}, {}, {}, set(), set(), set()], "no utterances"),
    ],
)
def test_other_content_is_refused_and_named(tmp_path: Path, value: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(save(tmp_path / "x.pkl", value), PLAIN)


def test_options_without_meaning_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'align'"):
        read(save(tmp_path / "x.pkl", tuple(iemocap().values())), ImportOptions(align="word"))
