"""Settings dataclasses from YAML and JSON: strict types, every fault once, and what is allowed in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter

from pipeline.errors import UserError
from pipeline.settings.validation import Block, Listed, described, parse, sentence, validated


@dataclass(frozen=True)
class Inner:
    least: Annotated[int, Field(ge=1)] = 1
    most: int = 9

    def __post_init__(self) -> None:
        if self.least > self.most:
            raise ValueError(f"least ({self.least}) is more than most ({self.most})")


@dataclass(frozen=True)
class Outer:
    name: str
    share: Annotated[float, Field(ge=0, lt=1)] = 0.5
    on: bool = True
    size: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    side: Literal["left", "right"] = "left"
    names: Listed[str] = ()
    plain: tuple[float, ...] = ()
    inner: Block[Inner] = field(default_factory=Inner)
    other: Inner | None = None
    table: Mapping[str, Inner] = field(default_factory=dict)
    free: Mapping[str, Any] = field(default_factory=dict)


GOOD: dict[str, Any] = {"name": "x"}


def faults(**values: object) -> dict[str, str]:
    """Return the end of each fault's sentence by its place."""
    found, listed = validated(Outer, GOOD | values)
    assert (found is None) == bool(listed)
    return {".".join(map(str, place)): fault for place, fault in listed}


def test_defaults_fill_what_is_left_out() -> None:
    assert validated(Outer, {"name": "x"}) == (Outer("x"), [])


@pytest.mark.parametrize(
    ("key", "given", "read"),
    [
        ("share", 0, 0.0),
        ("size", 3, 3),
        ("size", "auto", "auto"),
        ("names", ["b", "a"], ("b", "a")),
        ("plain", [1, 2.5, 1], (1.0, 2.5, 1.0)),
        ("inner", None, Inner()),
        ("inner", {"most": 3}, Inner(1, 3)),
        ("other", None, None),
        ("other", {"least": 2}, Inner(2)),
        ("table", {"a": {}, "b": {"least": 4}}, {"a": Inner(), "b": Inner(4)}),
        ("free", {"a": [1, "x", None, {"b": 2.5}], "c": True}, {"a": [1, "x", None, {"b": 2.5}], "c": True}),
    ],
)
def test_what_is_allowed_is_read_as_the_type_of_its_field(key: str, given: object, read: object) -> None:
    found, listed = validated(Outer, GOOD | {key: given})
    assert not listed
    assert getattr(found, key) == read
    assert type(getattr(found, key)) is type(read)


@pytest.mark.parametrize(
    ("key", "given", "fault"),
    [
        ("name", 3, "is 3: it must be text; write it in quotes"),
        ("name", True, "is true: it must be text; write it in quotes"),
        ("name", None, "is null: it must be text"),
        ("name", ["x"], "is ['x']: it must be text"),
        ("share", True, "is true: it must be a number from 0 to below 1"),
        ("share", "0.5", "is '0.5': it must be a number from 0 to below 1; write the number as 0.5"),
        ("share", 1, "is 1: it must be a number from 0 to below 1"),
        ("on", 1, "is 1: it must be true or false"),
        ("on", "yes", "is 'yes': it must be true or false"),
        ("size", 0, "is 0: it must be a whole number of at least 1 or 'auto'"),
        ("size", 2.0, "is 2.0: it must be a whole number of at least 1 or 'auto'"),
        ("size", "all", "is 'all': it must be a whole number of at least 1 or 'auto'"),
        ("side", "lefft", "is 'lefft'; did you mean 'left'? Available: left, right"),
        ("side", 1, "is 1: it must be 'left' or 'right'"),
        ("names", "x", "is 'x': it must be a list"),
        ("names", ["x", "y", "x"], "names 'x' twice: once is enough"),
        ("inner", [], "is []: it must be a mapping of names to values"),
        ("inner", {"least": 10}, ": least (10) is more than most (9)"),
        ("other", 5, "is 5: it must be a mapping of names to values or null"),
    ],
)
def test_what_is_not_allowed_is_named_with_what_is(key: str, given: object, fault: str) -> None:
    assert faults(**{key: given}) == {key: fault}


def test_every_fault_is_named_at_its_place() -> None:
    found = faults(
        names=["x", 1], inner={"least": 0, "mots": 3}, table={"a": {"least": "1"}}, other={"most": None}, shar=1
    )
    assert found == {
        "names.1": "is 1: it must be text; write it in quotes",
        "inner.least": "is 0: it must be a whole number of at least 1",
        "inner.mots": "is unknown; did you mean 'most'? Available: least, most",
        "table.a.least": "is '1': it must be a whole number of at least 1; write the number as 1",
        "other.most": "is null: it must be a whole number",
        "shar": "is unknown; did you mean 'share'? Available: name, share, on, size, side, names, plain, inner, other, "
        "table, free",
    }


def test_what_is_missing_is_named() -> None:
    assert validated(Outer, {}) == (None, [(("name",), "is missing")])
    assert validated(Outer, []) == (None, [((), "is []: it must be a mapping of names to values")])


def test_half_a_character_is_a_fault_and_no_crash() -> None:
    [(place, fault)] = validated(Outer, {"name": "\ud800"})[1]
    assert place == ()
    assert "JSON" in fault


def test_the_value_in_a_message_is_cut_short() -> None:
    assert len(faults(on="y" * 9999)["on"]) < 300


def test_parse_names_the_file_and_the_first_fault() -> None:
    assert parse(Inner, {"least": 2}, "m") == Inner(2)
    with pytest.raises(UserError, match=r"^m\.json: schema\.least is 0: it must be a whole number of at least 1$"):
        parse(Inner, {"least": 0}, "m.json: schema")
    with pytest.raises(UserError, match=r"^m: least \(3\) is more than most \(2\)$"):
        parse(Inner, {"least": 3, "most": 2}, "m")


@pytest.mark.parametrize(
    ("place", "fault", "text"),
    [
        (("a", 0, "b"), "is 3", "a[0].b is 3"),
        (("a",), ": low is above high", "a: low is above high"),
        ((), "is 3", "is 3"),
        ((), ": it ends early", "it ends early"),
        (("a\nError: fake",), "is 3", "a Error: fake is 3"),
    ],
)
def test_a_sentence_joins_place_and_fault_on_one_line(place: tuple[str | int, ...], fault: str, text: str) -> None:
    assert sentence(place, fault) == text


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (Annotated[int, Field(gt=0, le=5)], "a whole number above 0, up to 5"),
        (Annotated[float, Field(ge=-60, lt=0)], "a number from -60 to below 0"),
        (Annotated[float, Field(lt=2)], "a number up to below 2"),
        (Annotated[float, Field(gt=2)], "a number above 2"),
        (Literal["a", "b", "c"], "'a', 'b' or 'c'"),
        (Literal["a"], "'a'"),
        (int | str | None, "a whole number, text or null"),
        (list[int], "a list"),
        (Annotated[list[int], Field(min_length=2)], "a list of 2 or more"),
        (dict[str, int], "a mapping of names to values"),
        (Any, "any value"),
    ],
)
def test_what_a_type_allows_in_words(hint: Any, text: str) -> None:
    node = TypeAdapter(hint).json_schema()
    assert described(node, node) == text
