"""The commands that run the stages, one per stage."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from pipeline.commands import completion
from pipeline.commands.common import (
    PARAMS,
    Command,
    as_json,
    echo,
    echo_json,
    if_possible,
    load,
    names_of,
    pool_of,
    prepared,
    run_options,
    with_corpora,
    with_selection,
)
from pipeline.commands.jobs import run_each


@click.command(cls=Command)
@PARAMS
@as_json
def settings(params_path: Path, as_json: bool) -> None:
    """Check every name and value in the settings file.

    With --json, prints all settings in effect, including defaults.

    `dvc repro` makes this check before it runs a stage.

    Example: crossmodal settings
    """
    from pipeline.stages.settings import checked

    params = load(params_path)  # which prints the notices
    sentence = checked(params_path)
    if as_json:
        echo_json(params)
    else:
        echo(sentence)


@click.command(cls=Command)
@PARAMS
def inputs(params_path: Path) -> None:
    """Record the code, libraries and recordings that stages depend on.

    In a project outside a checkout, `dvc repro` does this first, because DVC itself sees neither the installed package
    nor recordings in other folders.

    Example: crossmodal inputs
    """
    from pipeline.ingest.project_files import stages_notice
    from pipeline.stages.inputs import note_inputs

    if notice := stages_notice(Path()):
        echo(notice, err=True)
    echo(note_inputs(load(params_path)))


@click.command(cls=Command)
@PARAMS
@with_corpora
@run_options
def prepare(params_path: Path, corpora: tuple[str, ...], workers: int | None, scheduler: str | None) -> None:
    """Read a corpus into one table of utterances.

    Utterances without a transcript are transcribed if streams.text.transcribe says so.

    Example: crossmodal prepare --corpus demo
    """
    from pipeline.corpora.problems import shown
    from pipeline.corpora.utterances import read_utterances, read_word_table
    from pipeline.inspection.corpus_facts import facts_of
    from pipeline.selections.selecting import select_again
    from pipeline.settings.paths import CorpusPaths
    from pipeline.settings.selected import corpus_of, is_selection
    from pipeline.stages.prepare import prepare as run

    params = load(params_path)
    with pool_of(params, workers, scheduler) as pool:
        for name in names_of(params, corpora):
            paths = CorpusPaths(name)
            for line in shown(run(params, corpus_of(name), pool), paths.problems):
                echo(line, err=True)
            if is_selection(name):
                echo(select_again(params, name))
            table = read_utterances(paths.utterances, params.corpus(name).label)
            echo(facts_of(name, table, read_word_table(paths.words), params.corpus(name)))
            echo(f"prepare {name}: done")


ahead = click.option(
    "--ahead",
    is_flag=True,
    help="If workers are started, let them also compute what later commands will need for their stores.",
)


@click.command(cls=Command)
@PARAMS
@with_corpora
@with_selection
@click.option(
    "--modality",
    "modalities",
    multiple=True,
    shell_complete=completion.modalities,
    help="text, audio or video; can be repeated.  [default: all]",
)
@ahead
@run_options
def preprocess(
    params_path: Path,
    corpora: tuple[str, ...],
    selection: Any,
    modalities: tuple[str, ...],
    ahead: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Cut, clean and synchronise the streams of every utterance.

    Example: crossmodal preprocess --corpus demo --modality audio --workers 2
    """
    from common.names import suggest
    from features.base import MODALITIES
    from pipeline.errors import UserError
    from pipeline.run.streaming import preprocess_ahead
    from pipeline.stages.preprocess import preprocessing

    params = load(params_path)
    for modality in modalities:
        if modality not in MODALITIES:
            raise UserError(f"no modality is named {modality!r}; {suggest(modality, MODALITIES)}")
    names, chosen = prepared(params, corpora, selection), modalities or MODALITIES
    run_each(
        [(name, modality) for name in names for modality in chosen],
        lambda pool, name, modality, *, wait: preprocessing(params, name, modality, pool, wait=wait),
        "preprocess",
        pool_of(params, workers, scheduler),
        {
            f"preprocess {name} {modality}": partial(preprocess_ahead, params, name, modality)
            for name in names
            for modality in MODALITIES
            if ahead and modality not in chosen
        },
    )


@click.command(cls=Command)
@PARAMS
@with_corpora
@with_selection
@click.option(
    "--extractor",
    "extractors",
    multiple=True,
    shell_complete=completion.extractors,
    help="Extractor, by its name in the settings; can be repeated.  [default: features.extract]",
)
@ahead
@run_options
def extract(
    params_path: Path,
    corpora: tuple[str, ...],
    selection: Any,
    extractors: tuple[str, ...],
    ahead: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Extract features from the streams.

    Example: crossmodal extract --corpus demo --extractor egemaps
    """
    from pipeline.run.extraction import extract_ahead
    from pipeline.stages.extract import extracting

    params = load(params_path)
    for extractor in extractors:
        params.modality(extractor)  # raises if the name is unknown
    names, chosen = prepared(params, corpora, selection), extractors or params.extract
    current: set[Path] = set()  # streams, each of which is checked once
    run_each(
        [(name, extractor) for name in names for extractor in chosen],
        lambda pool, name, extractor, *, wait: extracting(params, name, extractor, pool, wait=wait, current=current),
        "extract",
        pool_of(params, workers, scheduler),
        {
            f"extract {name} {extractor}": partial(extract_ahead, params, name, extractor, current=current)
            for name in names
            for extractor in params.extract
            if ahead and extractor not in chosen
        },
    )


@click.command(cls=Command)
@PARAMS
@with_corpora
@with_selection
@click.option(
    "--shuffle-labels", "shuffled", is_flag=True, help="Permute the labels; every strategy must then score at chance."
)
@if_possible
@run_options
def train(
    params_path: Path,
    corpora: tuple[str, ...],
    selection: Any,
    shuffled: bool,
    if_possible: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Fit all classifiers and fusions and keep their predictions.

    The corpus's protocol defines how the utterances are split. A fit with the same features, folds and settings is
    taken from the cache.

    Example: crossmodal train --corpus demo
    """
    from pipeline.evaluation.label_control import check_shuffled
    from pipeline.stages.train import train as run

    params = load(params_path)
    with pool_of(params, workers, scheduler) as pool:
        for name in prepared(params, corpora, selection):
            for notice in run(params, name, pool, shuffled=shuffled, if_possible=if_possible):
                echo(f"train {name}: {notice}")
            for line in check_shuffled(params, name) if shuffled else ():
                echo(line)


@click.command(cls=Command)
@PARAMS
@with_corpora
@with_selection
@if_possible
@click.option("--quiet", is_flag=True, help="Write the files and print nothing.")
@click.option("--show", is_flag=True, help="Print the existing results without scoring again.")
@click.option("--all", "every", is_flag=True, help="Print all rows with their notes instead of the answer.")
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print table.csv instead: one line per row and metric.")
@click.option("--robustness", is_flag=True, help="Print how fusions score with missing modalities instead.")
@click.option("--drop", metavar="MODALITIES", help="Print fusions without these modalities instead, as in audio,video.")
@click.option(
    "--by", metavar="COLUMN", multiple=True, help="Print scores for each value of COLUMN instead; can be repeated."
)
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    shell_complete=completion.rows,
    help="With --by: a row to print besides the best ones; can be repeated.",
)
def evaluate(
    params_path: Path,
    corpora: tuple[str, ...],
    selection: Any,
    if_possible: bool,
    quiet: bool,
    show: bool,
    **what: Any,
) -> None:
    """Score the predictions and print whether fusing helps.

    The answer and its best rows fit a terminal of 80 columns; --all prints all rows with their notes.

    Example: crossmodal evaluate --corpus demo --by speaker
    """
    from pipeline.commands.results import check_choice, print_results
    from pipeline.errors import Untrainable
    from pipeline.evaluation.printing import facts_of
    from pipeline.stages.evaluate import evaluate as run

    choice, facts = check_choice(what), {}
    params = load(params_path)
    for place, name in enumerate(prepared(params, corpora, selection)):
        try:
            why = "" if show else run(params, name, if_possible=if_possible)
            if choice.as_json:
                facts[name] = facts_of(params, name)
            elif why:
                raise Untrainable(why)
            else:
                print_results(params, name, choice, quiet=quiet, first=not place)
        except Untrainable as error:
            if not if_possible:
                raise
            echo(f"evaluate {name}: {error}", err=choice.as_csv)
    if choice.as_json and not quiet:
        echo_json({"corpora": facts})


@click.command(cls=Command)
@PARAMS
@with_corpora
@with_selection
@run_options
@if_possible
def report(
    params_path: Path,
    corpora: tuple[str, ...],
    selection: Any,
    workers: int | None,
    scheduler: str | None,
    if_possible: bool,
) -> None:
    """Write a corpus's results and recordings as one page.

    The page is results/<corpus>/report.html; the clips of a large corpus are in the folder report_files beside it.

    Example: crossmodal report --corpus demo
    """
    from pipeline.stages.report import report as run

    params = load(params_path)
    with pool_of(params, workers, scheduler) as pool:
        for name in prepared(params, corpora, selection):
            echo(f"report {name}: {run(params, name, pool, if_possible=if_possible)}")
