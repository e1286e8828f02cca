"""Take the paths of this machine out of texts that are sent to others: a page names recordings as the corpus does."""

import os
import re
from collections.abc import Sequence
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
        """Return a text whose paths below the folders begin below these folders.

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
    """Return what shortens the paths of a corpus.

    Left out are the folder of the corpus, the folders of its recordings outside the project, the folder of the project,
    and the home of the user. Of the folders outside the project, only what they share is left out, unless it holds the
    home of the user.
    """
    media = {one for column in ("media", "sound") for one in known.table.get(column, ())}
    outside = {str(Path(one).parent) for one in media if Path(one).is_absolute()}
    shared = os.path.commonpath(outside) if outside else "/"
    own = outside if Path.home().is_relative_to(shared) else {shared}
    roots = {Path(known.root).absolute(), Path(known.root).resolve()} if known.root else set()
    folders = {*own, *map(str, [*roots, Path.cwd(), Path.home()])} - {"/"}
    return Shortening(sorted(folders, key=lambda one: (-len(one), one)))
