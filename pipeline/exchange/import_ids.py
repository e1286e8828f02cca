"""Match the ids of a file with those of a corpus, and report ids that are in only one of them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import UserError
from pipeline.tables.near_ids import clearly_same, nearly_equal, spelling_difference

_EXAMPLES = 3


def near_notices(here: Mapping[str, str], there: Mapping[str, str], both: int, places: tuple[str, Path]) -> list[str]:
    """Return a notice if unmatched ids of the corpus and of the file differ only in spelling; otherwise an empty list.

    Parameters
    ----------
    here, there
        The ids of the corpus that are not in the file, and the ids of the file that are not in the corpus; both keyed
        by the part of the id that is compared.
    both
        How many ids are in both.
    places
        The name of the corpus, and the path of the file.

    Raises
    ------
    UserError
        If so many differ only in spelling that they are clearly the same ids.
    """
    name, path = places
    pairs = nearly_equal(here, there)
    if not pairs:
        return []
    difference = spelling_difference([(here[a], there[b]) for a, b in pairs], name, path.name)
    if clearly_same(pairs, both):
        raise UserError(
            f"{path} has features for {both} of {both + len(here)} utterances of {name}, but {difference}: spell "
            "ids the same way, or use --match to give the part that they have in common"
        )
    return [f"{difference}: they count as different ids; if they are the same, spell them the same way"]


def unmatched(ids: Sequence[str], sentence: str) -> list[str]:
    """Return a notice: `sentence`, the number of ids, and the first three of them; an empty list for no ids."""
    if not ids:
        return []
    return [f"{sentence}: {len(ids)} ({', '.join(ids[:_EXAMPLES])}{', ...' if len(ids) > _EXAMPLES else ''})"]


def keyed(ids: Sequence[str], match: str, where: str) -> dict[str, str]:
    """Return the ids that match, keyed by the part that is compared: the only group of `match`, or the whole id."""
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
                f"{where}: --match reduces the ids {found_by[key]!r} and {name!r} to the same {key!r}: change the "
                "expression so that ids stay different"
            )
        found_by[key] = name
    return found_by
