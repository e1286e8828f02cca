"""Options, printing and one-sentence errors shared by all commands."""

import io
import json
import math
import os
import select
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands import completion

if TYPE_CHECKING:
    from pipeline.reporting.tables import Block
    from pipeline.settings.selected import Selection

_CLOSED_PIPE = 128 + signal.SIGPIPE  # exit code that a shell reports for a process that was ended by a closed pipe
PROTOCOLS = "official, crossfit, group-kfold, leave-one-group-out or leave-one-corpus-out"
PARAMS = click.option(
    "--params",
    "params_path",
    type=click.Path(path_type=Path),
    default=Path("params.yaml"),
    show_default=True,
    help="Settings file.",
)


def with_corpora(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take the names of corpora as arguments or with ``--corpus``, and receive both as `corpora`."""

    @wraps(command)
    def with_both(*args: Any, named: tuple[str, ...], corpora: tuple[str, ...], **options: Any) -> Any:
        return command(*args, corpora=tuple(dict.fromkeys((*named, *corpora))), **options)

    text = "Corpus; can be repeated, or given as an argument without --corpus.  [default: run.corpora]"
    complete = completion.corpora
    option = click.option("--corpus", "corpora", multiple=True, shell_complete=complete, help=text)
    argument = click.argument("named", nargs=-1, metavar="[CORPUS]...", shell_complete=complete)
    return argument(option(with_both))


def with_selection(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--limit` and `--utterances`; the command gets them as one `selection`, or None for the whole corpus."""

    @wraps(command)
    def with_one(*args: Any, limit: int | None, utterances: Path | None, **options: Any) -> Any:
        from pipeline.settings.selected import Selection

        if limit and utterances:
            raise click.UsageError("--limit and --utterances choose different utterances: give one of them")
        one = Selection(limit or 0, str(utterances or "")) if limit or utterances else None
        return command(*args, selection=one, **options)

    text = "Use only N utterances, of all classes and as many groups as possible, as a corpus named CORPUS@N."
    listed = "Use only the utterances that a file lists, one per line, as a corpus named CORPUS@FILE."
    limit = click.option("--limit", metavar="N", type=click.IntRange(1), help=text)
    return limit(click.option("--utterances", metavar="FILE", type=click.Path(path_type=Path), help=listed)(with_one))


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else.")
if_possible = click.option(
    "--if-possible",
    is_flag=True,
    help="If nothing can be learnt (no labels, one class, one group), write files that say why, and exit with 0.",
)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that uses workers: `--workers` and `--scheduler`."""
    command = click.option(
        "--scheduler",
        envvar="CROSSMODAL_SCHEDULER",
        show_envvar=True,
        help="Address of a running Dask scheduler, such as tls://host:8786.",
    )(command)
    workers = click.option(
        "--workers", type=click.IntRange(0), help="Number of worker processes; 0 runs everything in this process."
    )
    return workers(command)


class OutputLostError(Exception):
    """Standard output or standard error cannot be written, as on a full disk."""


def echo(message: object, *, err: bool = False) -> None:
    """Print a message that may contain any text from a file: control characters are printed as escape codes."""
    from pipeline.foreign import printable

    echo_styled(printable(str(message)), err=err)


def echo_styled(text: str, *, err: bool = False) -> None:
    """Print text unchanged, with its colour codes; text from files must already be safe for a terminal."""
    try:
        click.echo(text, err=err, color=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLostError(error.strerror) from error


def echo_json(facts: Any) -> None:
    """Print facts as JSON: dataclasses become objects, paths become strings, and NaN and infinity become null."""
    echo(json.dumps(_plain(facts), indent=1, ensure_ascii=False, allow_nan=False))


def _plain(value: Any) -> Any:
    """Return a value in a form that JSON can represent."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(own) for key, own in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(own) for own in value]
    if hasattr(value, "item"):  # a NumPy number
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def echo_page(blocks: "Sequence[Block]") -> None:
    """Print paragraphs and tables: fitted to the width of a terminal, or as full Markdown to a file or pipe."""
    from pipeline.reporting.tables import for_terminal, markdown

    terminal = sys.stdout.isatty()
    text = for_terminal(blocks, shutil.get_terminal_size().columns) if terminal else markdown(blocks)
    echo(text.rstrip("\n"))


@contextmanager
def _mistakes_as_sentences() -> Iterator[None]:
    """Turn errors that a user can correct into one sentence and a non-zero exit code."""
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
        raise click.ClickException(f"another process ended ({error.strerror}): run the same command again") from error
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or 'a file'}: {error.strerror or error}. What was computed before is kept: correct this "
            "and run the same command again"
        ) from error
    except UnicodeEncodeError as error:
        raise click.ClickException(cannot_spell(error)) from error
    except KeyboardInterrupt:
        echo("\nStopped. What was computed is kept: run the same command again to continue.", err=True)
        sys.exit(130)


def _stop_in_good_order() -> None:
    """Treat SIGTERM like Ctrl-C, and also SIGHUP, which is sent when the terminal is closed."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, signal.default_int_handler)


def _open_missing_streams() -> None:
    """Let standard streams that are closed, as after ``2>&-``, lead nowhere.

    Otherwise the next file that is opened, such as a store, gets the number of a closed stream, and what libraries
    print there is written into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
            os.set_inheritable(nowhere, True)  # also in workers, standard streams must lead nowhere
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _print_anything() -> None:
    """Make this process print a character as an escape code if the terminal's encoding does not have it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _WithExample(click.Command):
    """A command whose help ends with its example, on a line that can be copied."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        text, _, example = cleandoc(self.help or "").partition("Example: ")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(text.strip())
        with formatter.section("Example"):
            formatter.write(f"{' ' * formatter.current_indent}{' '.join(example.split())}\n")


class Command(_WithExample):
    """A command that ends with one sentence and a non-zero exit code on an error that the user can correct."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: D102
        from pipeline.foreign import printable

        try:
            with _mistakes_as_sentences():
                return super().invoke(ctx)
        except click.UsageError:
            raise
        except click.ClickException as error:
            raise click.ClickException(printable(error.message)) from error


def _nobody_reads() -> bool:
    """Return whether standard output or error is a pipe whose reader has ended, as after ``| head -1``."""
    streams = select.poll()
    for stream in (1, 2):
        streams.register(stream, 0)
    return any(event & select.POLLERR for _, event in streams.poll(0))


@contextmanager
def _ends_quietly() -> Iterator[None]:
    """End the process without a message if the reader of its output has ended.

    If the output cannot be written for another reason, end the process with an error message.
    """
    try:
        yield
    except (OSError, OutputLostError) as error:
        if getattr(error, "filename", None) is not None:
            raise
        closed = isinstance(error, BrokenPipeError)
        if not closed:
            sys.stderr.write(f"Error: the output cannot be written: {getattr(error, 'strerror', error)}\n")
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)  # Python flushes the rest when it ends
        sys.exit(_CLOSED_PIPE if closed else 1)


class Group(_WithExample, click.Group):
    """A group of commands that ends without a message, as shell tools do, when the reader of its output has ended."""

    command_class = Command

    def main(self, *arguments: Any, **options: Any) -> Any:  # noqa: D102
        _open_missing_streams()
        with _ends_quietly():
            return super().main(*arguments, **options)

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:  # noqa: D102
        with _ends_quietly():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: D102
        with _ends_quietly():
            return super().invoke(ctx)


def load(path: Path) -> Any:
    """Return the settings of a file, and print notices about it, such as that it uses the former name of a setting."""
    from pipeline.settings.params import load_params

    params = load_params(path)
    for notice in params.notices:
        echo(notice, err=True)
    return params


def names_of(params: Any, corpora: tuple[str, ...]) -> list[str]:
    """Return the corpora given on the command line, or else `run.corpora`; an unknown name raises `UserError`."""
    from pipeline.errors import UserError

    names = list(corpora or params.run.corpora)
    if not names:
        raise UserError(f"{params.path}: run.corpora is empty: list a corpus there, or name one with --corpus")
    for name in names:
        params.corpus(name)
    return names


def prepared(params: Any, corpora: tuple[str, ...], selection: "Selection | None" = None) -> list[str]:
    """Return the names of the chosen corpora, and warn about files that changed since `prepare` read them.

    With a selection, the tables of the selected utterances are written first; names are then, for example, ``demo@20``.
    """
    from pipeline.corpora.sources import changed_sources

    names = names_of(params, corpora)
    if selection is not None:
        from pipeline.selections.selecting import select
        from pipeline.settings.selected import corpus_of

        names = [select(params, name, selection) for name in dict.fromkeys(map(corpus_of, names))]
    for name in names:
        if warning := changed_sources(params, name):
            echo(warning, err=True)
    return names


def pool_of(params: Any, workers: int | None, scheduler: str | None) -> Any:
    """Return the pool of workers that the options specify; if `workers` is None, the pool has `run.workers` workers."""
    from pipeline.run.pool.cluster import Pool

    return Pool(params.run.workers if workers is None else workers, scheduler, params.run.plugins)
