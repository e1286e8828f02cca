"""`crossmodal segment`: cut recordings into the utterances of a manifest, and report on each."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UserError, counted
from pipeline.ingest.segments.finding import Found, Request, utterances_in
from pipeline.ingest.segments.rows import Written, voice_of, write_segments
from pipeline.streams.container.opening import MediaError


def segment(recordings: Sequence[Path], into: Path, request: Request) -> tuple[list[str], list[str]]:
    """Cut recordings into utterances and add these to a manifest.

    Parameters
    ----------
    recordings
        Files that FFmpeg reads; a file that is named twice is cut once.
    into
        The path of the manifest.
    request
        How the recordings are cut.

    Returns
    -------
    list of str, list of str
        Sentences about what was written, and one about each recording that could not be cut.

    Raises
    ------
    UserError
        If `into` is not a file name or cannot be extended, or several recordings are to be cut by one file. Nothing
        is written then.
    """
    if request.source is not None and not request.source.is_dir() and len(recordings) > 1:
        raise UserError(
            f"{request.source} is one file for {len(recordings)} recordings: give a folder with a file for each"
        )
    if not into.suffix:
        raise UserError(f"{into} is not the name of a file: give --into {into / 'manifest.csv'}")
    found: list[tuple[Path, Found]] = []
    faults: list[str] = []
    for recording in dict.fromkeys(recordings):
        if not recording.is_file():
            what = "is a folder: give its recordings" if recording.is_dir() else "does not exist"
            faults.append(f"{recording} {what}")
            continue
        try:
            found.append((recording, utterances_in(recording, request, voice_of(into, recording))))
        except (UserError, MediaError) as error:
            faults.append(str(error))
    lines = []
    for (recording, one), written in zip(found, write_segments(found, into), strict=True):
        lines += _lines(recording, one, written, into)
    return lines + (_next(into) if any(one.utterances for _, one in found) else []), faults


def _next(into: Path) -> list[str]:
    """Return the next command if the manifest is, or can become, that of a project in the current folder."""
    if into.resolve() != Path("manifest.csv").resolve():
        return []
    return ["Next:", f"  {'dvc repro' if Path('params.yaml').exists() else 'crossmodal init'}"]


def _lines(recording: Path, found: Found, written: Written, into: Path) -> list[str]:
    if not found.utterances:
        return [f"{recording}: nothing is written: {note}" for note in found.notes]
    lengths = [said.end - said.start for said in found.utterances if said.end is not None and said.start is not None]
    what = counted(len(found.utterances), "utterance")
    lines = [
        f"{recording}: {what} {found.by}, {min(lengths):.1f} to {max(lengths):.1f} s long, {sum(lengths):.0f} s in all"
    ]
    lines += [f"  {note}" for note in found.notes]
    if not written.rows:
        lines.append(f"  all of them are already in {into}: nothing is changed")
    elif written.instead:
        lines.append(f"  they replace the row of the whole recording in {into}, and take over its other cells")
    else:
        lines.append(f"  {counted(written.rows, 'row')} added to {into}")
    return lines
