"""Commands that turn what people hold into a corpus: segment."""

from pathlib import Path
from typing import Any

import click

from pipeline.commands.common import Command, echo


@click.command(cls=Command)
@click.argument(
    "recordings",
    nargs=-1,
    required=True,
    metavar="RECORDINGS",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--into",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("manifest.csv"),
    show_default=True,
    help="The manifest to which rows are added; created if it does not exist.",
)
@click.option(
    "--by",
    type=click.Choice(["subtitles", "tier", "voice"]),
    help="Cut at the bounds of subtitles (.srt, .vtt, Whisper's .json), of an annotation's tier (.TextGrid, .eaf), or "
    "where nobody speaks.  [default: by a file of the recording's name beside it, else voice]",
)
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, path_type=Path),
    help="The file of subtitles or annotations, or the folder of such files.  [default: beside the recording]",
)
@click.option("--tier", "tiers", multiple=True, help="Tier of the annotation; repeat it for one tier per speaker.")
@click.option("--sentences", is_flag=True, help="Join cues up to the end of a sentence.")
@click.option(
    "--pause",
    type=click.FloatRange(0.05),
    default=0.5,
    show_default=True,
    help="Silence between utterances, in seconds; shorter silences are part of one.",
)
@click.option(
    "--shortest",
    type=click.FloatRange(0),
    default=0.3,
    show_default=True,
    help="With voice: what is shorter is left out, in seconds.",
)
@click.option(
    "--longest",
    type=click.FloatRange(1),
    default=30.0,
    show_default=True,
    help="With voice: what is longer is cut at its longest pause, in seconds.",
)
def segment(
    recordings: tuple[Path, ...], into: Path, pause: float, shortest: float, longest: float, **request: Any
) -> None:
    """Cut long recordings into utterances.

    Writes one row per utterance into a manifest: its start and end, and from subtitles or annotations its text, the
    times of its words and its speaker. Cells that are there already are never changed. A row of the whole recording is
    replaced by its utterances, which take over its label and speaker.

    Example: crossmodal segment talk.mp4 interview.mkv --into clips/manifest.csv
    """
    from pipeline.ingest.segments.cutting import Limits
    from pipeline.ingest.segments.finding import Request
    from pipeline.ingest.segments.segment import segment as run

    lines, faults = run(recordings, into, Request(limits=Limits(pause, shortest, longest), **request))
    for line in lines:
        echo(line)
    for fault in faults[:-1]:
        echo(f"Error: {fault}", err=True)
    if faults:
        raise click.ClickException(faults[-1])
