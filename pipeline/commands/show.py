"""The command that shows one utterance or recording."""

from pathlib import Path

import click

from pipeline.commands.common import PARAMS, Command, as_json, echo, echo_json, load


@click.command(cls=Command)
@click.argument("wanted", metavar="UTTERANCE_OR_FILE")
@PARAMS
@click.option("--corpus", default="", help="Corpus of the utterance.  [default: all that are prepared]")
@click.option("--text", help="Transcript of a recording.  [default: the content of FILE.txt]")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page with the clip.")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Write a picture.")
@as_json
def show(
    wanted: str, params_path: Path, corpus: str, text: str | None, html: Path | None, png: Path | None, as_json: bool
) -> None:
    """Show one utterance or recording as the pipeline sees it.

    Prints where the utterance is in its recording, what was trimmed, which face was followed, when each word was said,
    and what each modality and the fusion predict. Missing streams are made first; no trained model is needed.

    Example: crossmodal show ana-01 --corpus demo --png ana-01.png
    """
    from pipeline.reporting.showing import shown

    one = shown.shown(load(params_path), wanted, corpus, text)
    for remark in one.remarks:
        echo(f"show: {remark}", err=True)
    if as_json:
        echo_json({**one.facts, "predictions": one.predictions})
    if html:
        shown.write_page(one, html)
    if png:
        shown.write_picture(one, png)
    written = [path for path in (html, png) if path]
    for path in written:
        echo(f"show: {path} written", err=True)
    if not as_json and not written:
        for line in shown.lines(one):
            echo(line)
