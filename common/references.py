"""References to cite for a method, as BibTeX entries and as citations in a text."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

_PLACES = {"article": "journal", "inproceedings": "booktitle", "book": "publisher", "misc": "howpublished"}
_ESCAPED = {"&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_"}


@dataclass(frozen=True)
class Reference:
    """A publication.

    Attributes
    ----------
    kind
        BibTeX entry type: ``article``, ``inproceedings``, ``book`` or ``misc``.
    authors
        Names in BibTeX's format: ``Hutto, C. J. and Gilbert, Eric``; ``and others`` stands for authors left out.
    title
        Title of the publication.
    place
        The journal, proceedings or publisher; for ``misc`` (such as a web page), where it was published.
    year
        Year of publication.
    """

    kind: Literal["article", "inproceedings", "book", "misc"]
    authors: str
    title: str
    place: str
    year: int

    @property
    def key(self) -> str:
        """The key of the BibTeX entry, in ASCII, since not every program reads keys with accents.

        >>> VADER = Reference("inproceedings", "Hutto, C. J. and Gilbert, Eric", "VADER: A model", "ICWSM", 2014)
        >>> VADER.key, VADER.cited
        ('hutto2014vader', 'Hutto and Gilbert, 2014')
        """
        first = re.sub(r"\W", "", _ascii(self._names[0])).lower()
        words = re.findall(r"\w+", _ascii(self.title).lower())
        word = next((word for word in words if word not in ("a", "an", "the", "on")), "")
        return f"{first}{self.year}{word}"

    @property
    def cited(self) -> str:
        """The citation in a text, such as ``Hutto and Gilbert, 2014``."""
        names = self._names
        several = len(names) > 2 or names[-1] == "others"
        return f"{f'{names[0]} et al.' if several else ' and '.join(names)}, {self.year}"

    def bibtex(self) -> str:
        """Return the BibTeX entry of this reference."""
        fields = {
            "author": self.authors,
            "title": f"{{{self.title}}}",
            _PLACES[self.kind]: self.place,
            "year": str(self.year),
        }
        lines = [f"  {name} = {{{_escaped(value)}}}," for name, value in fields.items()]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])

    @property
    def _names(self) -> list[str]:
        """The family names of the authors; "others" stands for authors left out."""
        return [author.partition(",")[0].strip() for author in self.authors.split(" and ")]


def _ascii(text: str) -> str:
    """Return a text in ASCII: ``Spärck`` becomes ``Sparck``; letters without an ASCII form are left out."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _escaped(value: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in value)


def cited(references: tuple[Reference, ...]) -> str:
    """Return a space and the citations of references in brackets; an empty string if there are no references.

    >>> cited((Reference("book", "Bishop, Christopher", "Pattern recognition", "Springer", 2006),))
    ' (Bishop, 2006)'
    """
    return f" ({'; '.join(one.cited for one in references)})" if references else ""
