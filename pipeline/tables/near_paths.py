"""The existing file that a slightly wrong path means."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from common.names import MISTYPED, closest
from pipeline.tables.rules import folded


class Neighbours:
    """Finds files of nearly the same name; every folder is listed once.

    Parameters
    ----------
    used
        Files that are used already: only their own name in another spelling can mean them, not a mistyped one or one
        with another suffix.
    """

    def __init__(self, used: Iterable[str] = ()) -> None:
        self._listed: dict[Path, list[str]] = {}
        self._used = {_place(Path(name)) for name in used}

    def meant(self, path: Path, given: str = "", root: Path | None = None) -> Path | None:
        """Return an existing file that a path may mean, or None.

        Tried in order: the path read as one below the home folder, a Windows path or a URL, and relative to the working
        directory; then, folder by folder, names in another Unicode form, case, spacing or suffix, and mistyped ones.
        A mistyped name has the same numbers (``clip7`` and ``clip07``): with others it is another clip of a series.

        Parameters
        ----------
        path
            A path that does not exist.
        given
            The path as it was written, if `path` was made from that.
        root
            The folder that paths are relative to; by default where `path` lies.
        """
        for other in _rewritten(path, given or path.as_posix(), root):
            if other != path and other.is_file():
                return other
            if (near := self._near(other)) and near != path:
                return near
        return None

    def _near(self, path: Path) -> Path | None:
        """Return the path with each missing part replaced by a similar name in its folder."""
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
    """Return the paths that may have been meant.

    The path itself, with slashes for backslashes, below the home folder, from the working directory, without the query
    of a URL (``?dl=1``), and for an absolute path, of this machine or another, its ends below the root.
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
    """Return a name without its suffixes of letters and digits: ``a.mp4.mp4``, ``a.mp4`` and ``a`` are the same."""
    plain = PurePosixPath(_plain(name))
    while plain.suffix[1:].isalnum() and not plain.suffix[1:].isdigit() and len(plain.suffix) <= 5:
        plain = plain.with_suffix("")
    return plain.name


def _place(path: Path) -> Path:
    """Return where a file is, with all links to its folder resolved; links in a circle stay as they are."""
    try:
        return path.parent.resolve() / path.name
    except (OSError, RuntimeError):
        return path


def _begins(one: str, other: str) -> bool:
    """Whether one name is the beginning of the other, as with a suffix that is missing or doubled."""
    return one.startswith(other) or other.startswith(one)


def _numbers(name: str) -> list[int]:
    """Return the numbers in a name without its suffixes.

    >>> _numbers("dia03_utt7.mp4")
    [3, 7]
    """
    return [int(digits) for digits in re.findall(r"\d+", _stem(name))]
