"""Checks before a file from elsewhere is read: its options, and the opcodes of a pickle."""

import io
import pickle
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.exchange import safety
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.safety import refuse_options, scan_pickle, slug

PATH = Path("x.pkl")


def scan(data: bytes) -> int:
    return scan_pickle(PATH, io.BytesIO(data), len(data))


@pytest.mark.parametrize(
    ("name", "store"), [("OpenSmile EB10", "opensmile_eb10"), ("größe", "gr_e"), ("!?", "features")]
)
def test_names_of_stores(name: str, store: str) -> None:
    assert slug(name) == store


def test_options_without_a_meaning_are_refused_but_not_the_label() -> None:
    options = ImportOptions(arrays=(("audio", ("x",)),), id="clip", label="mood")
    refuse_options(PATH, options, ("arrays", "id"))
    with pytest.raises(UserError, match=r"does not use the option 'id': leave it out \(it uses arrays\)"):
        refuse_options(PATH, options, ("arrays",))
    with pytest.raises(UserError, match=r"it uses none"):
        refuse_options(PATH, options, ())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [[1, 2.5, "a"], {"k": (None, True)}, b"x" * 300, [[["deep"]]], set()])
def test_plain_data_pass_in_every_protocol(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    assert scan(data) == sum(1 for _ in __import__("pickletools").genops(data))


def test_deep_nesting_is_refused() -> None:
    def nested(depth: int) -> list[Any]:
        value: list[Any] = []
        for _ in range(depth):
            value = [value]
        return value

    scan(pickle.dumps(nested(safety.MAX_DEPTH - 1)))
    with pytest.raises(UserError, match="nested deeper than 100 levels"):
        scan(pickle.dumps(nested(safety.MAX_DEPTH + 1)))


def test_a_shared_part_is_as_deep_as_where_it_was_made() -> None:
    """A list that is put into itself by the memo grows deeper with every round."""
    shared = b"\x80\x02]q\x00" + b"]q\x01h\x00a" * 1
    assert scan(shared + b".") > 0
    loop = b"\x80\x02]q\x00" + b"h\x00]q\x01h\x00aa" * 200 + b"."
    with pytest.raises(UserError, match="nested deeper"):
        scan(loop)


def test_too_many_single_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "MAX_OPCODES", 100)
    with pytest.raises(UserError, match="holds more than 100 separate values"):
        scan(pickle.dumps(list(range(200)), 0))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pickle.dumps([1]) + b"more", "has 4 bytes after the end of its pickle"),
        (b"ios\nsystem\n.", "x.pkl asks for os.system, which is not plain data"),
        (b"\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00N.", "is cut off"),
        (b"\x80\x02Nq\x00Q.", "persistent id"),
    ],
)
def test_opcodes_that_plain_data_do_not_need_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        scan(data)
