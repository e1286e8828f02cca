"""Commands for results and models: compare, explain, fit, predict."""

from pathlib import Path

import click

from pipeline.commands import completion
from pipeline.commands.common import (
    PARAMS,
    Command,
    as_json,
    echo,
    echo_json,
    echo_page,
    load,
    pool_of,
    prepared,
    run_options,
    with_corpora,
)


@click.command(cls=Command)
@click.argument("first", shell_complete=completion.rows)
@click.argument("second", shell_complete=completion.rows)
@click.option(
    "--corpus",
    "name",
    shell_complete=completion.corpora,
    help="Corpus.  [default: for folders, the name of FIRST; for rows, the only one in run.corpora]",
)
@click.option("--metric", help="Compare by this metric only.  [default: all metrics of the table]")
@PARAMS
@as_json
def compare(params_path: Path, first: str, second: str, name: str | None, metric: str | None, as_json: bool) -> None:
    """Compare two runs, or two rows of one table.

    Two runs are given by their results folders, and compared row by row. Two rows of a corpus's table are given as
    strategy:modalities:model.

    Example: crossmodal compare unimodal:text:logistic concat:text+audio:logistic --corpus demo
    """
    from pipeline.evaluation.compare import compare as run

    found = run(load(params_path), first, second, name, metric)
    if as_json:
        echo_json(found.document())
    else:
        echo_page(found.page())


@click.command(cls=Command)
@PARAMS
@with_corpora
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="STRATEGY:MODALITIES:MODEL",
    shell_complete=completion.rows,
    help="A row of the table; can be repeated.  [default: the best fusion and the best single modality]",
)
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Number of permutations of each modality and of each extractor.",
)
@as_json
@run_options
def explain(
    params_path: Path,
    corpora: tuple[str, ...],
    strategies: tuple[str, ...],
    repeats: int,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Measure the permutation importance of each modality.

    The features of each modality, and of each extractor, are permuted between utterances. The resulting loss in the
    metric is their importance, and is written to results/<corpus>/importance.csv. Also lists the utterances that only
    the fusion, or only one modality, predicts correctly.

    Example: crossmodal explain --corpus demo --strategy concat:text+audio+video:logistic
    """
    from pipeline.evaluation.explain import explain as run

    params = load(params_path)
    with pool_of(params, workers, scheduler) as pool:
        found = []
        for name in prepared(params, corpora):
            found.append(explained := run(params, name, pool, strategies, repeats))
            if not as_json:
                for line in explained.lines():
                    echo(line)
    if as_json:
        echo_json({"corpora": [explained.document() for explained in found]})


@click.command(cls=Command)
@PARAMS
@with_corpora
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    shell_complete=completion.strategies,
    help="Strategy; can be repeated.  [default: the best fusion of the most modalities in the table]",
)
@click.option("--modalities", default="", help="Modalities, separated by commas.  [default: all of the corpus]")
@click.option("--model", help="Base classifier.  [default: train.fusion_classifier]")
def fit(
    params_path: Path, corpora: tuple[str, ...], strategies: tuple[str, ...], modalities: str, model: str | None
) -> None:
    """Fit a strategy on a whole corpus and save it.

    Prints the folder of each saved model, which `crossmodal predict` reads.

    Example: crossmodal fit --corpus demo --strategy concat
    """
    from pipeline.evaluation.results import speakers_of
    from pipeline.inference.fit import fit as run
    from pipeline.inference.fit import requested_configuration

    params = load(params_path)
    chosen = tuple(m.strip() for m in modalities.split(",") if m.strip())
    for name in prepared(params, corpora):
        configurations = [requested_configuration(params, name, s, chosen, model) for s in strategies or (None,)]
        if not strategies and (note := speakers_of(name, params.corpus(name))):
            echo(f"fit: {note}; fitted: {configurations[0]}", err=True)
        for configuration in configurations:
            echo(run(params, name, configuration, remark=lambda notice: echo(f"fit: {notice}", err=True)))


@click.command(cls=Command)
@click.argument("sources", metavar="CLIPS_OR_MANIFEST", nargs=-1, required=True, type=click.Path(path_type=Path))
@PARAMS
@click.option(
    "--model",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    shell_complete=completion.models,
    help="Folder that `fit` printed.",
)
@click.option("--text", help="Transcript, if there is only one clip.  [default: the content of CLIP.txt]")
@as_json
@click.option("--out", type=click.Path(path_type=Path), help="Also write a CSV file.")
@click.option(
    "--workers",
    type=click.IntRange(0),
    help="Number of worker processes.  [default: 0 for up to 4 clips, otherwise run.workers]",
)
def predict(
    params_path: Path,
    sources: tuple[Path, ...],
    folder: Path,
    text: str | None,
    as_json: bool,
    out: Path | None,
    workers: int | None,
) -> None:
    """Predict from new recordings with a saved model.

    Reads recordings (as in clips/*.mp4), or all rows of a manifest.csv. Shows how much each modality adds to each
    prediction, and warns about features that lie far outside their range in training.

    Example: crossmodal predict clip.mp4 --model results/demo/models/concat-text_audio_video-logistic --text "not bad"
    """
    from pipeline.corpora.utterances import write_table
    from pipeline.errors import UserError, counted
    from pipeline.inference.predict import predict as run

    answers = run(load(params_path), folder, sources, text=text, workers=workers)
    for notice in answers.notices:
        echo(f"predict: {notice}", err=True)
    for line in [answers.json()] if as_json else answers.lines():
        echo(line)
    if out:
        write_table(answers.table(), out)
    if answers.failed:
        listed = "\n".join(f"{utterance}: {why}" for utterance, why in answers.failed.items())
        every = counted(len(answers.failed) + len(answers.answers), "clip")
        raise UserError(f"{len(answers.failed)} of {every} failed:\n{listed}")
