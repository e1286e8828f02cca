"""Find the transcript, subtitles or annotation of a recording by its name, beside the recording or in a folder."""

from collections.abc import Collection
from pathlib import Path

from pipeline.errors import UserError
from pipeline.ingest.timed_text.registry import endings, is_timed_text


def beside(recording: Path, folder: Path | None = None, among: Collection[str] = endings()) -> Path | None:
    """Return the transcript, subtitles or annotation with a recording's name; None if there is none.

    ``talk.srt``, ``talk.mp4.srt`` and ``talk.en.srt`` belong to ``talk.mp4``. Names without a language come
    first; among names of the same kind, the most detailed format is chosen, in the order of `endings`.

    Parameters
    ----------
    recording
        The recording.
    folder
        The folder to search; if None, that of the recording.
    among
        The endings to look for.

    Raises
    ------
    UserError
        If there is no such folder, or it holds several files of the preferred format, such as one for each language.
    """
    where = recording.parent if folder is None else folder
    if not where.is_dir():
        raise UserError(f"{where} is not a folder")
    stem = recording.stem.casefold()
    found = [path for path in sorted(where.iterdir()) if path.suffix.lower() in among and not path.name.startswith(".")]
    named = [path for path in found if path.stem.casefold() in (stem, recording.name.casefold())]
    others = [path for path in found if path not in named and _without_language(path).casefold() == stem]
    for candidates in (named, others):
        for ending in endings():
            same = [path for path in candidates if path.suffix.lower() == ending and is_timed_text(path)]
            if len(same) > 1:
                names = " and ".join(path.name for path in same[:2])
                raise UserError(f"{names} both belong to {recording.name}: choose one with --from")
            if same:
                return same[0]
    return None


def _without_language(path: Path) -> str:
    """Return the stem of a file without its language: ``talk`` for ``talk.en-GB.srt``; ``""`` if it has no language."""
    stem, dot, language = path.stem.rpartition(".")
    return stem if dot and 2 <= len(language.split("-")[0]) <= 3 and language.replace("-", "").isalnum() else ""
