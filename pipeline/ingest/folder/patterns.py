"""Patterns of file names, such as ``{emotion}_{speaker}_{take}``: their fields become columns of the manifest.

A pattern is compared with the file name without its suffix. A pattern with slashes, such as ``{speaker}/{emotion}_*``,
is also compared with the folders above the file. ``{name}`` is a field, ``{name:2}`` is a field of two characters, and
``{_}`` and ``*`` stand for text that is not kept. A field never contains the punctuation that is next to it in the
pattern, so a name with an additional underscore does not fit, instead of being read wrongly.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.errors import UserError

_PART = re.compile(r"\{(?P<field>[^{}]*)\}|(?P<any>\*)|(?P<literal>[^{}*]+)")
_FIELD = re.compile(r"(?P<name>[^\W\d]\w*)(?::(?P<width>[1-9]\d?))?")


@dataclass(frozen=True)
class Pattern:
    """A pattern: its text, the names of its fields, the number of folders in it, and its regular expression."""

    text: str
    fields: tuple[str, ...]
    depth: int
    regex: re.Pattern[str]

    def values(self, place: PurePosixPath) -> dict[str, str] | None:
        """Return the fields of a path relative to the folder; None if the path does not fit the pattern.

        >>> pattern("{emotion}_{speaker}").values(PurePosixPath("x/happy_s1.mp4"))
        {'emotion': 'happy', 'speaker': 's1'}
        >>> pattern("{emotion}_{speaker}").values(PurePosixPath("very_happy_s1.mp4")) is None
        True
        """
        parts = place.with_suffix("").parts[-1 - self.depth :]
        found = self.regex.fullmatch("/".join(parts)) if len(parts) == self.depth + 1 else None
        return {name: found[name].strip() for name in self.fields} if found else None


def pattern(text: str) -> Pattern:
    """Return the pattern that a text describes.

    Raises
    ------
    UserError
        If the pattern has no field, or has a field twice, a field without a valid name, or an unpaired brace.
    """
    parts = list(_PART.finditer(text.strip("/")))
    if "".join(part[0] for part in parts) != text.strip("/"):
        raise _fault(text, "has an unmatched brace")
    fields: list[str] = []
    regex = ""
    for i, part in enumerate(parts):
        if part["literal"]:
            regex += re.escape(part["literal"])
        else:
            regex += _field(text, part["field"], _marks(parts, i), fields)
    if not fields:
        raise _fault(text, "has no field")
    return Pattern(text, tuple(fields), text.strip("/").count("/"), re.compile(regex, re.DOTALL))


def _field(text: str, content: str | None, marks: str, fields: list[str]) -> str:
    """Return the regular expression for a field or a star; if it is a named field, also append its name to `fields`."""
    if content in (None, "", "_"):
        return r"[^/]*?"
    found = _FIELD.fullmatch(content or "")
    if not found:
        raise _fault(
            text, f"has the field {content!r}, which is neither a name (speaker) nor a name with a length (speaker:2)"
        )
    name = found["name"]
    if name in fields:
        raise _fault(text, f"has the field {name!r} twice")
    fields.append(name)
    if found["width"]:
        return f"(?P<{name}>[^/]{{{found['width']}}})"
    return f"(?P<{name}>[^/{re.escape(marks)}]+?)"


def _marks(parts: Sequence[re.Match[str]], i: int) -> str:
    """Return the punctuation directly before and after a part; letters and digits do not count."""
    before = parts[i - 1]["literal"] if i else None
    after = parts[i + 1]["literal"] if i + 1 < len(parts) else None
    marks = (before or "")[-1:] + (after or "")[:1]
    return "".join(mark for mark in marks if not mark.isalnum())


def _fault(text: str, what: str) -> UserError:
    return UserError(f"--pattern {text!r} {what}: write fields in braces, as in '{{emotion}}_{{speaker}}_{{take}}'")
