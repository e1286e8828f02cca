"""Find the existing file that a slightly wrong path was meant to name."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from common.names import MISTYPED, closest
from pipeline.tables.rules import folded


class Neighbours:
    """Finds existing files whose names are nearly a given one; every folder is listed only once.

    Parameters
    ----------
    used
        Files that are in use already. Such a file is proposed only if the given name is its own name in a different
        spelling, or its own name with a missing or doubled suffix. It is not proposed for a mistyped name or a
        different suffix.
    """

    def __init__(self, used: Iterable[str] = ()) -> None:
        self._listed: dict[Path, list[str]] = {}
        self._used = {_place(Path(name)) for name in used}

    def meant(self, path: Path, given: str = "", root: Path | None = None) -> Path | None:
        """Return the existing file that a path was probably meant to name, or None.

        The path is read as one relative to the home folder or the working directory, as a Windows path and as a URL.
        For each reading, the file itself is tried first, then names that differ in Unicode form, case, spacing or
        suffix, and then mistyped names. A mistyped name must contain the same numbers (``clip7`` and ``clip07``), since
        different numbers mean a different clip of a series.

        Parameters
        ----------
        path
            A path that does not exist.
        given
            The path as the user wrote it, if `path` was derived from it.
        root
            The folder that paths are relative to. By default, it is what precedes `given` in `path`, or the folder that
            contains `path` if `path` does not end with `given`.
        """
        for other in _rewritten(path, given or path.as_posix(), root):
            if other != path and other.is_file():
                return other
            if (near := self._near(other)) and near != path:
                return near
        return None

    def _near(self, path: Path) -> Path | None:
        """Return the existing file that results from replacing each missing folder or file name by a similar name.

        Return None if a missing name has no similar one in its folder.
        """
        at = Path(path.anchor or ".")
        parts = path.parts[1:] if path.anchor else path.parts
        for i, part in enumerate(parts):
            last = i == len(parts) - 1
            if (at / part).exists() and (last or (at / part).is_dir()):
                at = at / part
                continue
            name = self._name(at, part, files=last)
            if not name:
                return None
            at = at / name
        return at if at.is_file() else None

    def _name(self, folder: Path, wanted: str, *, files: bool) -> str:
        if wanted in ("", ".", ".."):
            return ""
        shown = [n for n in self._names(folder) if not n.startswith(".") or wanted.startswith(".")]
        names = [n for n in shown if (folder / n).is_file() == files]
        free = [name for name in names if _place(folder / name) not in self._used]
        stems = [n for n in names if _stem(n) == _stem(wanted) and (n in free or _begins(_plain(n), _plain(wanted)))]
        for same in ([name for name in names if _plain(name) == _plain(wanted)], stems if files else []):
            if same:
                return min(same, key=lambda name: (name.casefold() != wanted.casefold(), name))
        counted = [name for name in free if _numbers(name) == _numbers(wanted)]
        close = closest(_plain(wanted), [_plain(name) for name in counted], MISTYPED)
        return next((name for name in counted if close and _plain(name) == close), "")

    def _names(self, folder: Path) -> list[str]:
        if folder not in self._listed:
            try:
                self._listed[folder] = sorted(p.name for p in folder.iterdir() if not p.name.startswith("._"))
            except OSError:
                self._listed[folder] = []
        return self._listed[folder]


def _rewritten(path: Path, given: str, root: Path | None) -> list[Path]:
    """Return all readings of a path, beginning with the path itself.

    The path is read as it is, with slashes in place of backslashes, without the query of a URL (``?dl=1``), relative to
    the home folder, and relative to the working directory. If it is an absolute path (of this machine or another) or a
    URL, it is also read without its first folders, relative to the root.
    """
    given = unquote(given.removeprefix("file://")).strip().strip("\"'")
    slashed = given.replace("\\", "/")
    if root is None:
        root = Path(path.as_posix().removesuffix(given)) if path.as_posix().endswith(given) else path.parent
    bare = re.split(r"[?#]", slashed)[0]
    found = [path, root / slashed, *([root / bare] if bare not in ("", slashed) else [])]
    if slashed.startswith("~/"):
        found.append(Path.home() / slashed[2:])
    absolute = re.fullmatch(r"(?:[a-zA-Z]:)?/+(.+)|[a-z]{2,}:/+[^/]+/(.+)", bare)
    parts = (absolute[1] or absolute[2]).split("/") if absolute else []
    return [*found, Path(slashed), *(root.joinpath(*parts[i:]) for i in range(len(parts)))]


def _plain(name: str) -> str:
    return "".join(folded(name).split())


def _stem(name: str) -> str:
    """Return a name without its file suffixes: ``a`` for ``a.mp4.mp4``, ``a.mp4`` and ``a``."""
    plain = PurePosixPath(_plain(name))
    while plain.suffix[1:].isalnum() and not plain.suffix[1:].isdigit() and len(plain.suffix) <= 5:
        plain = plain.with_suffix("")
    return plain.name


def _place(path: Path) -> Path:
    """Return the path of a file with the links in its folder's path resolved; unchanged if they are circular."""
    try:
        return path.parent.resolve() / path.name
    except (OSError, RuntimeError):
        return path


def _begins(one: str, other: str) -> bool:
    """Whether one name begins with the other, as when a suffix is missing or doubled."""
    return one.startswith(other) or other.startswith(one)


def _numbers(name: str) -> list[int]:
    """Return the numbers in a name without its suffixes.

    >>> _numbers("dia03_utt7.mp4")
    [3, 7]
    """
    return [int(digits) for digits in re.findall(r"\d+", _stem(name))]
