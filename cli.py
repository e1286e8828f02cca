"""The command line: one command a stage, and tools around them. Parses, calls the pipeline, prints."""

import io
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

_CLOSED_PIPE = 128 + signal.SIGPIPE  # what a shell says of a process that a closed pipe ended
PROTOCOLS = "official, crossfit, group-kfold or leave-one-group-out"
PARAMS = click.option(
    "--params",
    "params_path",
    type=click.Path(path_type=Path),
    default=Path("params.yaml"),
    show_default=True,
    help="Settings file.",
)
CORPUS = click.option("--corpus", "corpora", multiple=True, help="Corpus; may be repeated.  [default: run.corpora]")


def _run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--scheduler", help="Address of a running Dask scheduler, as in tls://host:8786.")(command)
    workers = click.option("--workers", type=click.IntRange(0), help="Worker processes; 0: none but this one.")
    return workers(command)


def _echo(message: object, *, err: bool = False) -> None:
    """Print a message; it may hold anything that a file said, and nothing of it commands the terminal."""
    from pipeline.foreign import printable

    click.echo(printable(str(message)), err=err)


@contextmanager
def _mistakes_as_sentences() -> Iterator[None]:
    """Turn what a user can mend into one sentence and a non-zero exit."""
    from features.errors import ExtractorError, StoreError
    from models.errors import ModelError
    from pipeline.errors import UserError
    from pipeline.locales import cannot_spell

    _print_anything()
    _stop_in_good_order()
    try:
        yield
    except (UserError, StoreError, ExtractorError, ModelError) as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError as error:
        if error.filename is None and _nobody_reads():
            raise
        raise click.ClickException(f"{error.strerror}: another process ended. Run the same command again") from error
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or 'a file'}: {error.strerror or error}. What was computed before is kept: mend it and "
            "run the same command again"
        ) from error
    except UnicodeEncodeError as error:
        raise click.ClickException(cannot_spell(error)) from error
    except KeyboardInterrupt:
        _echo("\nStopped. What was computed is kept: run the same command again to go on.", err=True)
        sys.exit(130)


def _stop_in_good_order() -> None:
    """Let a polite end from outside (SIGTERM, a closed terminal) be what Ctrl-C is."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, signal.default_int_handler)


def _print_anything() -> None:
    """Let names that the terminal cannot spell be printed by their codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Command(click.Command):
    def invoke(self, ctx: click.Context) -> Any:
        from pipeline.foreign import printable

        try:
            with _mistakes_as_sentences():
                return super().invoke(ctx)
        except click.UsageError:
            raise
        except click.ClickException as error:
            raise click.ClickException(printable(error.message)) from error


def _nobody_reads() -> bool:
    """Whether standard output or error is a pipe whose reader has gone, as after ``| head -1``."""
    asked = select.poll()
    for stream in (1, 2):
        asked.register(stream, 0)
    return any(event & select.POLLERR for _, event in asked.poll(0))


@contextmanager
def _ends_quietly() -> Iterator[None]:
    """Where the reader of what is printed has gone, end without a word, as a shell's own tools do."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        closed = isinstance(error, BrokenPipeError)
        if not closed:
            sys.stderr.write(f"Error: what is to be printed cannot be written: {error.strerror}\n")
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)  # Python itself prints what is left when it ends
        sys.exit(_CLOSED_PIPE if closed else 1)


class _Group(click.Group):
    command_class = _Command

    def main(self, *arguments: Any, **options: Any) -> Any:
        with _ends_quietly():
            return super().main(*arguments, **options)

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        with _ends_quietly():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        with _ends_quietly():
            return super().invoke(ctx)


def _load(path: Path) -> Any:
    from pipeline.settings.params import load_params

    return load_params(path)


def _names(params: Any, corpora: tuple[str, ...]) -> list[str]:
    from pipeline.errors import UserError

    names = list(corpora or params.run.corpora)
    if not names:
        raise UserError(f"{params.path}: run.corpora is empty: list a corpus there, or name one with --corpus")
    for name in names:
        params.corpus(name)
    return names


def _prepared(params: Any, corpora: tuple[str, ...]) -> list[str]:
    """Return the names of corpora that were prepared; say of which the files that `prepare` read changed since."""
    from pipeline.corpora.sources import changed_sources

    names = _names(params, corpora)
    for name in names:
        if said := changed_sources(params, name):
            _echo(said, err=True)
    return names


def _pool(params: Any, workers: int | None, scheduler: str | None) -> Any:
    from pipeline.run.pool.cluster import Pool

    return Pool(params.run.workers if workers is None else workers, scheduler, params.run.plugins)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option("0.1.0", prog_name="crossmodal")
def main() -> None:
    """Text, voice and face features of talking-head recordings, and how much each says about sentiment.

    The stages, in order: prepare, preprocess, extract, train, evaluate, report.
    `dvc repro` runs all that is out of date.

    Example: crossmodal evaluate --corpus demo
    """


@main.command()
@PARAMS
def settings(params_path: Path) -> None:
    """Check the settings file: every name and value in it. `dvc repro` does this before it runs an extractor.

    Example: crossmodal settings
    """
    from pipeline.stages.settings import checked

    _echo(checked(params_path))


@main.command()
@PARAMS
@CORPUS
def prepare(params_path: Path, corpora: tuple[str, ...]) -> None:
    """Read a corpus from disk into one table of utterances.

    Example: crossmodal prepare --corpus demo
    """
    from pipeline.corpora.problems import shown
    from pipeline.corpora.utterances import read_utterances, read_word_table
    from pipeline.inspection.validate import facts_of
    from pipeline.settings.paths import CorpusPaths
    from pipeline.stages.prepare import prepare as run

    params = _load(params_path)
    for name in _names(params, corpora):
        paths = CorpusPaths(name)
        for line in shown(run(params, name), paths.problems):
            _echo(line, err=True)
        table = read_utterances(paths.utterances, params.corpus(name).label)
        _echo(facts_of(name, table, read_word_table(paths.words), params.corpus(name)))
        _echo(f"prepare {name}: done")


@main.command()
@PARAMS
@CORPUS
@click.option("--modality", "modalities", multiple=True, help="text, audio or video; may be repeated.  [default: all]")
@_run_options
def preprocess(
    params_path: Path, corpora: tuple[str, ...], modalities: tuple[str, ...], workers: int | None, scheduler: str | None
) -> None:
    """Cut, clean and synchronise the streams of every utterance.

    Example: crossmodal preprocess --corpus demo --modality audio --workers 2
    """
    from features.base import MODALITIES
    from pipeline.errors import UserError, suggest
    from pipeline.stages.preprocess import preprocess as run

    params = _load(params_path)
    for modality in modalities:
        if modality not in MODALITIES:
            raise UserError(f"no modality is named {modality!r}; {suggest(modality, MODALITIES)}")
    jobs = [(name, modality) for name in _prepared(params, corpora) for modality in modalities or MODALITIES]
    _each(
        jobs,
        lambda pool, name, modality: run(params, name, modality, pool),
        "preprocess",
        _pool(params, workers, scheduler),
    )


@main.command()
@PARAMS
@CORPUS
@click.option(
    "--extractor", "extractors", multiple=True, help="Extractor; may be repeated.  [default: features.extract]"
)
@_run_options
def extract(
    params_path: Path, corpora: tuple[str, ...], extractors: tuple[str, ...], workers: int | None, scheduler: str | None
) -> None:
    """Run extractors over the streams and cache their features.

    Example: crossmodal extract --corpus demo --extractor opensmile
    """
    from features.base import extractor_class
    from pipeline.stages.extract import extract as run

    params = _load(params_path)
    for extractor in extractors:
        extractor_class(extractor)
    jobs = [(name, extractor) for name in _prepared(params, corpora) for extractor in extractors or params.extract]
    _each(
        jobs,
        lambda pool, name, extractor: run(params, name, extractor, pool),
        "extract",
        _pool(params, workers, scheduler),
    )


def _each(jobs: list[tuple[str, Any]], run: Callable[..., Any], stage: str, pool: Any) -> None:
    """Do all jobs on one pool of workers; where clips failed, go on and say so at the end."""
    from pipeline.errors import TooManyFailures
    from pipeline.run.stores import summary

    failures = []
    with pool:
        for name, what in jobs:
            try:
                _echo(f"{stage} {name} {what}: {summary(run(pool, name, what))}")
            except TooManyFailures as error:
                failures.append(str(error))
                _echo(f"{stage} {name} {what}: too many clips failed", err=True)
    if failures:
        raise TooManyFailures("\n".join(failures))


@main.command()
@PARAMS
@CORPUS
@click.option(
    "--shuffle-labels", "shuffled", is_flag=True, help="Deal the labels out at random first: all must be at chance."
)
@_run_options
def train(
    params_path: Path, corpora: tuple[str, ...], shuffled: bool, workers: int | None, scheduler: str | None
) -> None:
    """Fit every classifier and fusion under the corpus's protocol and keep their predictions.

    Fits that are in the cache, from the same features, folds and settings, are not done again.

    Example: crossmodal train --corpus demo
    """
    from pipeline.evaluation.shuffled import check_shuffled
    from pipeline.stages.train import train as run

    params = _load(params_path)
    with _pool(params, workers, scheduler) as pool:
        for name in _prepared(params, corpora):
            for notice in run(params, name, pool, shuffled=shuffled):
                _echo(f"train {name}: {notice}")
            for line in check_shuffled(params, name) if shuffled else ():
                _echo(line)


@main.command()
@PARAMS
@click.option("--corpus", "name", required=True, help="Corpus.")
@click.option(
    "--strategy", "strategies", multiple=True, help="May be repeated.  [default: the best fusion in the table]"
)
@click.option("--modalities", default="", help="What it reads, by commas.  [default: all of the corpus]")
@click.option("--model", help="Base classifier.  [default: train.fusion_classifier]")
def fit(params_path: Path, name: str, strategies: tuple[str, ...], modalities: str, model: str | None) -> None:
    """Fit a strategy on all utterances of a corpus and save it, for `crossmodal predict`; prints the folder.

    Example: crossmodal fit --corpus demo --strategy concat
    """
    from pipeline.inference.fit import best_row, row_of
    from pipeline.inference.fit import fit as run

    params = _load(params_path)
    _prepared(params, (name,))
    chosen = tuple(m.strip() for m in modalities.split(",") if m.strip())
    rows = [row_of(params, name, s, chosen, model) for s in strategies] or [best_row(params, name)]
    for row in rows:
        _echo(run(params, name, row, remark=lambda notice: _echo(f"fit: {notice}", err=True)))


@main.command()
@click.argument("source", metavar="CLIP_OR_MANIFEST", type=click.Path(path_type=Path))
@PARAMS
@click.option("--model", "folder", required=True, type=click.Path(path_type=Path), help="Folder that `fit` printed.")
@click.option("--text", help="Transcript of the clip.  [default: what CLIP.txt holds]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--out", type=click.Path(path_type=Path), help="Write a CSV too.")
@click.option("--workers", type=click.IntRange(0), help="Worker processes.  [default: none for up to 4 clips]")
def predict(
    params_path: Path,
    source: Path,
    folder: Path,
    text: str | None,
    as_json: bool,
    out: Path | None,
    workers: int | None,
) -> None:
    """Say what a saved model makes of a recording, or of all rows of a manifest.csv, and what each modality adds.

    Example: crossmodal predict clip.mp4 --model results/demo/models/concat-text_audio_video-logistic --text "not bad"
    """
    from pipeline.corpora.utterances import write_table
    from pipeline.errors import UserError
    from pipeline.inference.predict import predict as run

    answers = run(_load(params_path), folder, source, text=text, workers=workers)
    for notice in answers.notices:
        _echo(f"predict: {notice}", err=True)
    for line in [answers.json()] if as_json else answers.lines():
        _echo(line)
    if out:
        write_table(answers.table(), out)
    if answers.failed:
        listed = "\n".join(f"{utterance}: {why}" for utterance, why in answers.failed.items())
        raise UserError(f"{len(answers.failed)} of {len(answers.failed) + len(answers.answers)} failed:\n{listed}")


@main.command()
@PARAMS
@CORPUS
@click.option("--quiet", is_flag=True, help="Write the files only, print nothing.")
@click.option("--show", is_flag=True, help="Print the table that is there, score nothing.")
@click.option("--robustness", is_flag=True, help="Print instead how the fusions do without modalities.")
@click.option("--drop", metavar="MODALITIES", help="Print instead all fusions without these, as in audio,video.")
def evaluate(
    params_path: Path, corpora: tuple[str, ...], quiet: bool, show: bool, robustness: bool, drop: str | None
) -> None:
    """Score the predictions and print the table.

    Example: crossmodal evaluate --corpus demo --drop audio,video
    """
    from pipeline.stages.evaluate import evaluate as run
    from pipeline.stages.evaluate import printed, printed_robustness, printed_without

    params = _load(params_path)
    for name in _prepared(params, corpora):
        if not show:
            run(params, name)
        if quiet:
            continue
        if drop is not None:
            _echo(printed_without(params, name, drop))
        elif robustness:
            _echo(printed_robustness(params, name))
        else:
            _echo(printed(params, name))


@main.command()
@click.argument("first")
@click.argument("second")
@click.option("--corpus", "name", help="Corpus.  [default: what the folder is named after, or that of run.corpora]")
@click.option("--metric", help="One figure.  [default: all of the table]")
@PARAMS
def compare(params_path: Path, first: str, second: str, name: str | None, metric: str | None) -> None:
    """Compare two folders of results row by row, or two rows of a corpus, written strategy:modalities:model.

    Example: crossmodal compare unimodal:text:logistic concat:text+audio --corpus demo
    """
    from pipeline.evaluation.compare import compare as run

    _echo(run(_load(params_path), first, second, name, metric))


@main.command()
@PARAMS
@CORPUS
def report(params_path: Path, corpora: tuple[str, ...]) -> None:
    """Write a corpus's tables and plots as one page, results/<corpus>/report.html.

    Example: crossmodal report --corpus demo
    """
    from pipeline.stages.report import report as run

    params = _load(params_path)
    for name in _prepared(params, corpora):
        _echo(f"report {name}: {run(params, name)}")


@main.command()
@PARAMS
@CORPUS
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="STRATEGY:MODALITIES:MODEL",
    help="A row of the table, as concat:text+audio:logistic; may be repeated.  [default: best fusion, best single]",
)
@click.option("--repeats", type=click.IntRange(1), default=5, show_default=True, help="How often parts are dealt out.")
@_run_options
def explain(
    params_path: Path,
    corpora: tuple[str, ...],
    strategies: tuple[str, ...],
    repeats: int,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Say what a strategy leans on, and which utterances only the fusion or only one modality gets right.

    Each modality, and each extractor's features, is taken from other utterances; what the figure loses is its
    importance. Written to results/<corpus>/importance.csv.

    Example: crossmodal explain --corpus demo --strategy concat:text+audio+video:logistic
    """
    from pipeline.evaluation.explain import explain as run

    params = _load(params_path)
    with _pool(params, workers, scheduler) as pool:
        for name in _prepared(params, corpora):
            for line in run(params, name, pool, strategies, repeats):
                _echo(line)


@main.command()
@click.argument("corpus")
@PARAMS
def validate(corpus: str, params_path: Path) -> None:
    """Check a corpus without running it; list every bad row, and every difference to a published corpus.

    Exit code 0: nothing but warnings; 1: bad rows; 3: recordings that are missing or unreadable.

    Example: crossmodal validate demo
    """
    from pipeline.corpora.problems import shown
    from pipeline.inspection.validate import validate as run
    from pipeline.inspection.validate import what_errors_stop
    from pipeline.settings.paths import CorpusPaths

    problems, facts = run(_load(params_path), corpus)
    for line in shown(problems, CorpusPaths(corpus).problems):
        _echo(line)
    _echo(facts)
    counts = {s: sum(problem.severity == s for problem in problems) for s in ("error", "failed", "warning")}
    _echo(f"{corpus}: {counts['error']} errors, {counts['failed']} failed, {counts['warning']} warnings")
    if counts["error"]:
        raise click.ClickException(f"{corpus}: {what_errors_stop(problems, corpus)}")
    if counts["failed"]:
        _echo(f"Error: {corpus}: recordings are missing or unreadable; they will count as failed", err=True)
        sys.exit(3)


@main.command("add-corpus")
@click.argument("name")
@click.option("--root", required=True, help="Folder of the corpus.")
@click.option("--reader", default="manifest", show_default=True, help="How the folder is read: see `corpora list`.")
@click.option("--task", type=click.Choice(["classification", "regression"]), help="Classes or a score.")
@click.option("--label", help="Label column.")
@click.option("--modalities", help="What the corpus has, by commas.  [default: text,audio,video]")
@click.option("--protocol", "kind", help=f"{PROTOCOLS}.  [default: group-kfold]")
@click.option("--folds", type=click.IntRange(2), help="Folds of group-kfold and crossfit.  [default: 5]")
@click.option("--group", help="Column whose values are never split.  [default: group]")
@click.option("--run", "also_run", is_flag=True, help="Also add it to run.corpora, for `dvc repro`.")
@PARAMS
def add_corpus(params_path: Path, name: str, also_run: bool, **settings: Any) -> None:
    """Add a corpus to the settings file; its comments stay. A published corpus brings its own settings.

    Example: crossmodal add-corpus mine --root ~/clips --task classification --label emotion --group speaker
    """
    from pipeline.corpora.adding import add_corpus as run

    for line in run(params_path, name, settings, also_run=also_run):
        _echo(line)


@main.group(cls=_Group)
def corpora() -> None:
    """List the published corpora that can be read as they are handed out.

    Example: crossmodal corpora show meld
    """


@corpora.command("list")
def corpora_list() -> None:
    """List all readers of corpora.

    Example: crossmodal corpora list
    """
    from pipeline.inspection.overview import readers

    for line in readers():
        _echo(line)


@corpora.command("show")
@click.argument("name")
def corpora_show(name: str) -> None:
    """Describe a published corpus: citation, licence, folders, labels, counts, protocol, known faults.

    Example: crossmodal corpora show meld
    """
    from pipeline.inspection.overview import described

    for line in described(name):
        _echo(line)


def _modality_names(pairs: tuple[str, ...]) -> tuple[tuple[Any, tuple[str, ...]], ...]:
    """Read ``MODALITY=NAME,NAME`` options."""
    from features.base import MODALITIES
    from pipeline.errors import UserError, suggest

    found = []
    for pair in pairs:
        modality, _, names = pair.partition("=")
        if modality not in MODALITIES:
            raise UserError(f"--array {pair!r} must read MODALITY=NAME; {suggest(modality, MODALITIES)}")
        found.append((modality, tuple(name.strip() for name in names.split(",") if name.strip())))
        if not found[-1][1]:
            raise UserError(f"--array {pair!r} names no array: write {modality}=NAME")
        if any(name.split("=")[0] in MODALITIES and "=" in name for name in found[-1][1]):
            raise UserError(f"--array {pair!r} names two modalities: give each an --array of its own")
    return tuple(found)


def _pairs(option: str, pairs: tuple[str, ...]) -> dict[str, str]:
    """Read ``THEIRS=OURS`` options."""
    from pipeline.errors import UserError

    for pair in pairs:
        if not all(pair.partition("=")):
            raise UserError(f"{option} {pair!r} must read NAME=NAME, as in dev=test")
    return dict(pair.split("=", 1) for pair in pairs)


@main.command("import")
@click.argument("form", metavar="FORMAT")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--corpus", "name", help="Make a corpus of this name.")
@click.option("--into", help="Add the features to this corpus, by id.")
@click.option("--match", default="", help="Regular expression with one group: the part of ids that is equal (--into).")
@click.option("--array", "arrays", multiple=True, metavar="MODALITY=NAMES", help="Arrays or columns that are features.")
@click.option("--id", "id_", default="", help="Array or column of unique ids.")
@click.option("--text", default="", help="... of transcripts.")
@click.option("--speaker", default="", help="... of speakers.")
@click.option("--group", default="", help="... of what may not be split.")
@click.option("--split", default="", help="... of train, valid, test.")
@click.option("--split-name", "splits", multiple=True, metavar="THEIRS=OURS", help="As in dev=test; may be repeated.")
@click.option("--start", default="", help="... of starts, seconds.")
@click.option("--end", default="", help="... of ends, seconds.")
@click.option("--label", default="", help="... of the labels that are to be predicted (--corpus).")
@click.option("--task", type=click.Choice(["classification", "regression"]), help="Classes or a score (--corpus).")
@click.option("--protocol", "kind", help=f"{PROTOCOLS}.  [default: official if split]")
@click.option("--folds", type=click.IntRange(2), help="Folds of group-kfold and crossfit.  [default: 5]")
@click.option("--labels", type=click.Path(path_type=Path), help="A .csd of labels.")
@click.option("--words", type=click.Path(path_type=Path), help="A .csd of timed words.")
@click.option("--align", type=click.Choice(["word"]), help="Average rows over words.")
@click.option("--run", "also_run", is_flag=True, help="Also add the corpus to run.corpora.")
@PARAMS
def import_(params_path: Path, form: str, path: Path, name: str | None, into: str | None, **given: Any) -> None:
    """Bring in features from a file: npz, csv, parquet, mmsa, csd or erc.

    Example: crossmodal import npz features.npz --corpus mine --array audio=mfcc --label emotion --task classification
    """
    from pipeline.errors import UserError, refuse_pipe
    from pipeline.exchange.bundle import ImportOptions
    from pipeline.exchange.importing import import_corpus, import_into

    if bool(name) == bool(into):
        raise UserError("name either --corpus NAME, a new corpus, or --into NAME, one that is there")
    if not path.exists():
        raise UserError(f"{path} does not exist")
    if not path.is_dir():  # some formats are folders
        refuse_pipe(path)
    task, kind, folds, match, run = (given.pop(key) for key in ("task", "kind", "folds", "match", "also_run"))
    arrays, splits = _modality_names(given.pop("arrays")), _pairs("--split-name", given.pop("splits"))
    described = {"--label": given["label"], "--task": task, "--protocol": kind, "--folds": folds, "--run": run}
    unused = [option for option, value in (described if into else {"--match": match}).items() if value]
    if unused:
        _echo(f"{', '.join(unused)}: without effect with {'--into' if into else '--corpus'}")
    options = ImportOptions(arrays, given.pop("id_"), splits=splits, align=given.pop("align") or "", **given)
    if into:
        lines = import_into(_load(params_path), form, path, into, options, match)
    else:
        if not options.label or not task:
            raise UserError("--corpus also needs --label and --task: what is to be predicted")
        settings = {"task": task, "label": options.label, "kind": kind, "folds": folds, "run": run}
        lines = import_corpus(params_path, form, path, str(name), options, settings)
    for line in lines:
        _echo(line)


@main.command()
@click.argument("form", metavar="FORMAT")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--corpus", "name", required=True, help="Corpus.")
@click.option("--features", "stores", help="Stores, by commas.  [default: what training uses]")
@click.option("--align", type=click.Choice(["word"]), help="Average the rows over words.")
@click.option("--fold", default="", help="Fold that gives train, valid and test.  [default: the first]")
@PARAMS
def export(
    params_path: Path, form: str, path: Path, name: str, stores: str | None, align: str | None, fold: str
) -> None:
    """Write a corpus's features for other tools: mmsa, csd, npz or parquet.

    Example: crossmodal export npz demo.npz --corpus demo --features bert,opensmile,face_cnn
    """
    from pipeline.exchange.exporting import export as run

    chosen = tuple(s.strip() for s in (stores or "").split(",") if s.strip())
    for line in run(_load(params_path), name, form, path, chosen, align or "", fold):
        _echo(line)


@main.command()
@PARAMS
@CORPUS
@click.option("--verify", "verified", is_flag=True, help="Read every file instead, and name each that is damaged.")
def status(params_path: Path, corpora: tuple[str, ...], verified: bool) -> None:
    """Show what is done, cached, failed or stale, by corpus and stage; or check every store, table and cached clip.

    Example: crossmodal status --corpus demo --verify
    """
    from pipeline.errors import UserError
    from pipeline.inspection.status import status as run
    from pipeline.inspection.verify import verify

    params = _load(params_path)
    names = _names(params, corpora)
    if not verified:
        _echo(run(params, names))
        return
    found = list(verify(params, names))
    faults = [fault for _, fault in found if fault]
    for fault in faults:
        _echo(fault)
    if faults:
        raise UserError(f"{len(faults)} of {len(found)} files are not as they were written: do what their lines say")
    _echo(f"{len(found)} files read: all are as they were written")


@main.command()
def doctor() -> None:
    """Check this machine: Python, libraries, weights, libGL, write access, Dask.

    Example: crossmodal doctor
    """
    from pipeline.inspection.doctor import checks

    bad = 0
    for check in checks():
        bad += not check.ok
        _echo(f"{'ok' if check.ok else 'NOT OK':7}{check.name}: {check.detail}")
    if bad:
        raise click.ClickException(f"{bad} checks failed: do what their lines say")


@main.group(cls=_Group)
def features() -> None:
    """List the extractors, look into a store.

    Example: crossmodal features list
    """


@features.command("list")
@PARAMS
def features_list(params_path: Path) -> None:
    """List all extractors with their modality and settings.

    Example: crossmodal features list
    """
    from pipeline.inspection.overview import extractors

    for line in extractors(_load(params_path)):
        _echo(line)


@features.command("show")
@click.argument("file", type=click.Path(path_type=Path))
def features_show(file: Path) -> None:
    """Say what a store holds.

    Example: crossmodal features show data/work/demo/features/opensmile.h5
    """
    from features.store import describe, open_store

    with open_store(file) as store:
        for line in describe(store):
            _echo(line)


@main.group(cls=_Group)
def cache() -> None:
    """Look after the clip cache.

    Example: crossmodal cache gc
    """


@cache.command("gc")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cache_gc(yes: bool) -> None:
    """Delete cached clips that no store under data/work uses, and the unfinished files of killed runs, which it names.

    Example: crossmodal cache gc --yes
    """
    from pipeline.inspection.cleaning import clean, found_garbage

    garbage = found_garbage()
    for line in garbage.lines():
        _echo(f"cache gc: {line}")
    if garbage and not yes:
        click.confirm("Delete all this?", abort=True)
    _echo(f"cache gc: {clean(garbage)}")


if __name__ == "__main__":
    main()
