"""Match names in tables, and the names of transcripts, to recordings."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Generic, Protocol, TypeVar

from pipeline.ingest.folder.recordings import SUFFIXES
from pipeline.tables.rules import folded


class Placed(Protocol):
    """Anything with a path relative to the folder of the recordings."""

    @property
    def place(self) -> PurePosixPath:
        """The path relative to the folder."""


PlacedT = TypeVar("PlacedT", bound=Placed)


class Names(Generic[PlacedT]):
    """Finds files by their names, in any of the usual spellings."""

    def __init__(self, files: Iterable[PlacedT]) -> None:
        self._exact: dict[str, list[PlacedT]] = {}  # the last parts of a path, with its suffix
        self._bare: dict[str, list[PlacedT]] = {}  # the last parts of a path, without its suffix
        self._whole: set[str] = set()  # whole paths, with and without suffix
        self._numbers: dict[int, list[PlacedT]] = {}
        for file in files:
            self._add(file)

    def _add(self, file: PlacedT) -> None:
        parts, bare = file.place.parts, file.place.with_suffix("").parts
        self._whole |= {_key(parts), _key(bare)}
        for i in range(len(parts)):
            self._exact.setdefault(_key(parts[i:]), []).append(file)
            self._bare.setdefault(_key(bare[i:]), []).append(file)
        if bare[-1].isdecimal():
            self._numbers.setdefault(int(bare[-1]), []).append(file)

    def meant(self, name: str) -> list[PlacedT]:
        r"""Return the files that a name may refer to: none, one, or several.

        The name may include folders (``s1/a.mp4``, ``C:\data\s1\a.mp4``), and may lack its suffix or have another media
        suffix. Case does not matter. Where both the name and the file's path have folders, these must match: ``s2/a``
        does not refer to ``s1/a.mp4``. If the whole name is a number, leading zeros do not count, since spreadsheets
        drop them: ``7`` refers to ``007.mp4``.
        """
        parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
        for i in range(len(parts)):
            for tail, held in self._readings(parts[i:]):
                if tail in held and (i == 0 or tail in self._whole):
                    return held[tail]
        return self._numbers.get(int(name), []) if name.isdecimal() and name.isascii() and len(name) < 20 else []

    def _readings(self, parts: tuple[str, ...]) -> list[tuple[str, dict[str, list[PlacedT]]]]:
        whole = _key(parts)
        place = PurePosixPath(*parts)
        found = [(whole, self._exact), (whole, self._bare)]
        if place.suffix.lower() in SUFFIXES:
            found.append((_key(place.with_suffix("").parts), self._bare))
        return found


def _key(parts: Iterable[str]) -> str:
    return folded("/".join(parts))
