"""The closest valid name, and registries."""

import pytest

from common.names import Registry, listed_names, suggest


def test_a_list_of_names_is_never_long() -> None:
    assert suggest("q", ["a", "bb"]) == "available: a, bb"
    many = suggest("name_17", [f"name_{i}" for i in range(5000)])
    assert many.startswith("did you mean 'name_17'? Available: name_0, name_1, ")
    assert many.endswith(" and 4960 more")
    assert len(suggest("x", ["y" * 10_000] * 30)) < 3000


def test_the_closest_name_comes_first_and_long_names_are_cut() -> None:
    assert suggest("weigthed", ["vote", "weighted"]) == "did you mean 'weighted'? Available: vote, weighted"
    assert suggest("x", []) == "available: none"
    assert listed_names(["y" * 100]) == "y" * 77 + "..."


def registry() -> Registry[int]:
    return Registry("extractor", LookupError, {"mfcc": 1, "vader": 2})


def test_entries_are_found_by_name_in_the_order_of_the_table() -> None:
    table = registry()
    table.register("own", 3)
    assert list(table) == ["mfcc", "vader", "own"]
    assert dict(table.items()) == {"mfcc": 1, "vader": 2, "own": 3}
    assert (table["own"], "own" in table, "other" in table) == (3, True, False)


def test_an_unknown_name_raises_the_registrys_own_error_with_the_closest_name() -> None:
    with pytest.raises(LookupError, match=r"no extractor is named 'mfc'; did you mean 'mfcc'\? Available: mfcc, vader"):
        registry()["mfc"]


def test_a_name_cannot_be_registered_twice() -> None:
    table = registry()
    table.register("mfcc", 1)  # the same entry again
    with pytest.raises(LookupError, match="there is already an extractor named 'mfcc': choose another name"):
        table.register("mfcc", 9)
    assert table["mfcc"] == 1


def test_registering_does_not_change_the_table_that_the_registry_was_made_from() -> None:
    entries = {"a": 1}
    Registry("metric", LookupError, entries).register("b", 2)
    assert entries == {"a": 1}
