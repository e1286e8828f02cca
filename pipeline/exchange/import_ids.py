"""Ids of a file matched with those of a corpus, and notices about those without a partner."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import UserError
from pipeline.tables.near_ids import clearly_same, nearly_equal, spelling_difference

_EXAMPLES = 3


def near_notices(here: Mapping[str, str], there: Mapping[str, str], both: int, places: tuple[str, Path]) -> list[str]:
    """Return a notice about ids without a partner that differ only in spelling.

    Parameters
    ----------
    here, there
        The ids of the corpus that are not in the file, and the reverse: compared part -> id.
    both
        How many ids are in both.
    places
        The corpus and the file.

    Raises
    ------
    UserError
        If there are so many that they are clearly the same.
    """
    name, path = places
    pairs = nearly_equal(here, there)
    if not pairs:
        return []
    difference = spelling_difference([(here[a], there[b]) for a, b in pairs], name, path.name)
    if clearly_same(pairs, both):
        raise UserError(
            f"{path}: {both} of {both + len(here)} utterances of {name} are in it by id, but {difference}: spell "
            "them the same or give the part that is equal with --match"
        )
    return [f"{difference}: they count as different; if they are the same, spell them the same"]


def unmatched(ids: Sequence[str], sentence: str) -> list[str]:
    """Return a notice of how many ids have no partner, with examples; nothing if all have one."""
    if not ids:
        return []
    return [f"{len(ids)} {sentence} ({', '.join(ids[:_EXAMPLES])}{', ...' if len(ids) > _EXAMPLES else ''})"]


def keyed(ids: Sequence[str], match: str, where: str) -> dict[str, str]:
    """Return compared part -> id; `match` is a regular expression with one group, or empty for the whole id."""
    try:
        pattern = re.compile(match) if match else None
    except re.error as error:
        raise UserError(f"--match {match!r} is not a regular expression: {error}") from None
    if pattern is not None and pattern.groups != 1:
        raise UserError(f"--match {match!r} must have one group in parentheses, as in '\\d\\d-(.+)'")
    found_by: dict[str, str] = {}
    for name in ids:
        found = pattern.fullmatch(name) if pattern else None
        if pattern and not found:
            continue
        key = found[1] if found else name
        if key in found_by:
            raise UserError(
                f"{where}: the ids {found_by[key]!r} and {name!r} are both {key!r}: each id must stay different"
            )
        found_by[key] = name
    return found_by
