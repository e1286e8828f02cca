"""Commands that turn recordings into a corpus: `init` makes a project, `segment` cuts long recordings."""

from pathlib import Path
from typing import Any

import click

from pipeline.commands.common import Command, echo

_PATH = click.Path(path_type=Path)


@click.command(cls=Command)
@click.argument("folder", type=_PATH, default=Path())
@click.option(
    "--name", default="", help="Name of the corpus.  [default: the project's only corpus, else the folder's name]"
)
@click.option("--pattern", default="", help='Parts of the recordings\' names, as in "{emotion}_{speaker}_{take}".')
@click.option(
    "--labels", type=_PATH, help="Table of labels, with a column that names the recordings: CSV, TSV or XLSX."
)
@click.option("--label", default="", help="Column of the table, or part of the names, that is the label.")
@click.option("--no-labels", "unlabelled", is_flag=True, help="Compute only features, since there are no labels.")
@click.option(
    "--task", type=click.Choice(["classification", "regression"]), help="Whether labels are classes or scores."
)
@click.option("--transcripts", type=_PATH, help="Folder of transcripts, if they are not beside the recordings.")
@click.option(
    "--speakers-unknown",
    is_flag=True,
    help="Acknowledge that the speakers are unknown, and rank the table's rows anyway.",
)
@click.option("--force", is_flag=True, help="Overwrite the manifest, the corpus's settings and dvc.yaml.")
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
def init(dry_run: bool, **options: Any) -> None:
    """Make a project in the current folder from the recordings in FOLDER.

    Takes labels and speakers from the names of the recordings, from the names of their folders, or from a table. Takes
    words from transcripts, subtitles and annotations. Prints each guess. When run again, it adds new recordings.

    Example: crossmodal init ~/clips --pattern "{emotion}_{speaker}_{take}"
    """
    from pipeline.ingest.project import Options, plan, write

    project = plan(chosen := Options(**options))
    for line in project.lines:
        echo(line)
    if dry_run:
        echo("nothing was written, since this is a dry run")
        return
    for line in write(project, force=chosen.force):
        echo(line)


@click.command(cls=Command)
@click.argument(
    "recordings",
    nargs=-1,
    required=True,
    metavar="RECORDINGS",
    type=_PATH,
)
@click.option(
    "--into",
    type=_PATH,
    default=Path("manifest.csv"),
    show_default=True,
    help="The manifest to which rows are added; created if it does not exist.",
)
@click.option(
    "--by",
    type=click.Choice(["subtitles", "tier", "voice"]),
    help="Cut at the bounds of subtitles (.srt, .vtt, Whisper's .json), of an annotation's tier (.TextGrid, .eaf), or "
    "where nobody speaks.  [default: by the subtitles or annotation beside the recording, if any, else voice]",
)
@click.option(
    "--from",
    "source",
    type=_PATH,
    help="The file of subtitles or annotations, or the folder of such files.  [default: beside the recording]",
)
@click.option("--tier", "tiers", multiple=True, help="Tier of the annotation; repeat it for one tier per speaker.")
@click.option("--sentences", is_flag=True, help="Join consecutive subtitles up to the end of a sentence.")
@click.option(
    "--pause",
    type=click.FloatRange(0.05),
    default=0.5,
    show_default=True,
    help="Shortest silence that separates two utterances, in seconds.",
)
@click.option(
    "--shortest",
    type=click.FloatRange(0),
    default=0.3,
    show_default=True,
    help="Length of the shortest utterance, in seconds: when cutting by voice, shorter ones are left out.",
)
@click.option(
    "--longest",
    type=click.FloatRange(1),
    default=30.0,
    show_default=True,
    help="Length of the longest utterance, in seconds: when cutting by voice, longer ones are cut again, at their "
    "longest pause if they have one; with --sentences, subtitles are not joined beyond this length.",
)
def segment(
    recordings: tuple[Path, ...], into: Path, pause: float, shortest: float, longest: float, **request: Any
) -> None:
    """Cut long recordings into utterances.

    Writes one row per utterance into a manifest: its start and end and, as far as subtitles or annotations give them,
    its text, the times of its words and its speaker. Existing cells are never changed. A row for the whole recording is
    replaced by the rows of its utterances, which take over its label and speaker.

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
