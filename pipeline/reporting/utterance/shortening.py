"""Leave out the folders of this machine from the paths in a page: a recording is named by its path in the corpus."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.reporting.utterance.facts import Facts
from pipeline.reporting.utterance.known import Known


@dataclass(frozen=True)
class Shortening:
    """Shortens the paths of this machine in texts.

    Attributes
    ----------
    folders
        The absolute folders that are left out of paths, the longest first.
    """

    folders: Sequence[str]

    def __call__(self, text: str) -> str:
        """Return a text in which every path that begins with one of the folders is written without this folder.

        >>> Shortening(["/home/me/clips", "/home/me"])("cannot read /home/me/clips/s1/a.mp4, see /home/me/log")
        'cannot read s1/a.mp4, see log'
        """
        for folder in self.folders:
            text = re.sub(rf"(?<![\w./-]){re.escape(folder)}/+", "", text)
        return text

    def facts(self, facts: Facts) -> Facts:
        """Return the facts about an utterance with shorter paths; its id and its words are kept."""
        found = {
            "media": self(facts["media"]),
            "clip": facts["clip"] | {"note": self(facts["clip"].get("note", ""))},
            "statuses": {m: [status, self(note)] for m, (status, note) in facts["statuses"].items()},
            "missing": [[*first, self(note)] for *first, note in facts["missing"]],
            "failures": [[*first, self(message)] for *first, message in facts["failures"]],
        }
        if unread := facts["sound"].get("unread"):
            found["sound"] = facts["sound"] | {"unread": self(unread)}
        return facts | found


def shortening_of(known: Known) -> Shortening:
    """Return the object that shortens the paths of a corpus.

    It leaves out the folder of the corpus, the folders that contain all recordings outside the project, the folder of
    the project, and the home of the user. It leaves out fewer if two recordings would otherwise have the same path.
    """
    media = {str(one) for column in ("media", "sound") for one in known.table.get(column, ()) if one}
    roots = {Path(known.root).absolute(), Path(known.root).resolve()} if known.root else set()
    own = {*roots, Path.cwd()}
    for folders in (*({*own, Path.home(), *shared} for shared in _shared(media)), own, set[Path]()):
        names = sorted(map(str, folders - {Path("/")}), key=lambda one: (-len(one), one))
        shorten = Shortening(names)
        if len({shorten(one) for one in media}) == len(media):
            break
    return shorten


def _shared(media: Iterable[str]) -> Iterator[set[Path]]:
    """Yield sets of folders to leave out of absolute paths; each set is one level higher than the one before.

    The first set has, for each top-level folder such as ``/home``, the deepest folder that contains all of its paths.
    The last set is empty.

    >>> [sorted(map(str, folders)) for folders in _shared(["/disk/s1/a.mp4", "/disk/s1/b.mp4", "/home/me/s2/a.mp4"])]
    [['/disk/s1', '/home/me/s2'], ['/disk', '/home/me'], ['/home'], []]
    """
    disks: dict[str, set[Path]] = {}
    for path in map(Path, media):
        if path.is_absolute():
            disks.setdefault(path.parts[1], set()).add(path.parent)
    shared = {Path(os.path.commonpath(folders)) for folders in disks.values()} - {Path("/")}
    while shared:
        yield shared
        shared = {folder.parent for folder in shared} - {Path("/")}
    yield shared
