"""Notices of an import of frames: which recordings have a table, how many frames failed, and what looks wrong."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.errors import counted
from pipeline.exchange.frames.tracks import Track

_SHOWN = 3


def some(names: Sequence[str]) -> str:
    """Return the first three names of a list as text.

    >>> some(["a", "b"]), some(list("abcd"))
    ('a, b', 'a, b, c, ...')
    """
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


class Seen:
    """Collects what an import of frames reports about the tables.

    Parameters
    ----------
    path, name
        The folder of the tables, and the corpus.
    min_confidence
        Frames with a lower confidence count as failed.

    Attributes
    ----------
    used, failed
        How many frames of utterances are used, and how many failed.
    """

    def __init__(self, path: Path, name: str, min_confidence: float) -> None:
        self.path, self.name, self.min_confidence = path, name, min_confidence
        self.used = self.failed = 0
        self._utterances = {"with frames": 0, "with failed frames only": 0, "without any frame": 0}
        self._names: tuple[str, ...] = ()
        self._texts: dict[str, None] = {}
        self._notices: list[str] = []
        self._crowded: list[str] = []
        self._short: list[str] = []
        self._early: list[str] = []
        self._infinite = 0

    def track(self, recording: str, file: Path, track: Track, duration: float) -> None:
        """Note what is unusual about the table of a recording that lasts `duration` seconds (NaN if unknown)."""
        self._names = track.names if track.good.any() else self._names
        self._texts |= dict.fromkeys(track.texts)
        self._notices += [track.notice] if track.notice else []
        self._crowded += [recording] if track.crowded else []
        self._early += [recording] if track.times[0] < 0 else []
        self._infinite += track.infinite
        if track.times[-1] < duration / 2:
            self._short.append(f"{file.name}: {track.times[-1]:.2f} of {duration:.2f} s")

    def count(self, used: int, failed: int) -> None:
        """Count an utterance, given how many of its frames are used and how many failed."""
        self.used, self.failed = self.used + used, self.failed + failed
        kind = "with frames" if used else "with failed frames only" if failed else "without any frame"
        self._utterances[kind] += 1

    def matches(self, recordings: Iterable[str], found: Mapping[str, Path], tables: Mapping[str, Path]) -> list[str]:
        """Return lines on how many recordings have a table, which have none, and which tables belong to none."""
        recordings = list(recordings)
        without = sorted(r for r in recordings if r not in found)
        unused = sorted(name for name, file in tables.items() if file not in set(found.values()))
        lines = [f"{len(found)} of {counted(len(recordings), 'recording')} of {self.name} matched by name"]
        if without:
            lines.append(
                f"no table in {self.path} for {counted(len(without), 'recording')}, whose utterances count as absent "
                f"({some(without)})"
            )
        if unused:
            what = "is" if len(unused) == 1 else "are"
            lines.append(
                f"{counted(len(unused), 'table')} of {self.path} {what} left out, since no recording has such a name "
                f"({some(unused)})"
            )
        return lines

    def frames(self) -> list[str]:
        """Return lines on the columns that were read, how many frames are used, and what looks wrong."""
        lines = [f"{counted(len(self._names), 'number')} per frame: {some(self._names)}"]
        if self._texts:
            lines.append(f"columns of text, which are not read: {some(list(self._texts))}")
        lines.append(
            f"used: {counted(self.used, 'frame')} of utterances; left out as failed: {self.failed} (not marked as a "
            f"success, a confidence below {self.min_confidence:g}, no number in the row, or only another person's face)"
        )
        counts = [f"{count} {kind}" for kind, count in self._utterances.items() if count]
        lines.append(f"utterances of recordings with a table: {', '.join(counts)}")
        if self._crowded:
            lines.append(
                f"frames with several faces in {counted(len(self._crowded), 'recording')} ({some(self._crowded)}): in "
                "each utterance, the face with the most good frames is used"
            )
        if self._infinite:
            lines.append(f"{counted(self._infinite, 'infinite or too large number')}: treated as undefined")
        if self._early:
            lines.append(
                f"times below 0 in the tables of {counted(len(self._early), 'recording')} ({some(self._early)}): no "
                "utterance begins before its recording, so these frames are left out; check the times"
            )
        if self._short:
            lines.append(
                f"{counted(len(self._short), 'table')} ended before the middle of the recording: check the times "
                f"({some(self._short)})"
            )
        if self._notices:
            more = len(self._notices) - 1
            lines.append(self._notices[0] + (f" (and {counted(more, 'more table')})" if more else ""))
        return lines

    def nothing(self) -> str:
        """Return the message for an import in which no utterance has a usable frame."""
        if self.failed:
            return (
                f"all {counted(self.failed, 'frame')} in the utterances of {self.name} failed: check the columns of "
                f"success and confidence in the tables of {self.path}, and --min-confidence ({self.min_confidence:g})"
            )
        return (
            f"no frame in the tables of {self.path} is within the times of an utterance of {self.name}: check the times"
        )
