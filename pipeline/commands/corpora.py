"""Commands that add a corpus, check it, or list and describe the corpora that can be read."""

import sys
from pathlib import Path
from typing import Any

import click

from pipeline.commands.common import (
    PARAMS,
    PROTOCOLS,
    Command,
    Group,
    as_json,
    echo,
    echo_json,
    load,
    names_of,
    with_corpora,
)


@click.command("add-corpus", cls=Command)
@click.argument("name")
@click.option("--root", help="Folder of the corpus; needed unless --reader is union.")
@click.option(
    "--reader", default="manifest", show_default=True, help="Reader of the folder; `corpora list` prints all readers."
)
@click.option(
    "--task", type=click.Choice(["classification", "regression"]), help="Whether labels are classes or scores."
)
@click.option("--label", help="Column of the labels; without it, only features are computed.")
@click.option("--modalities", help="Modalities, separated by commas.  [default: text,audio,video]")
@click.option("--protocol", "kind", help=f"{PROTOCOLS}.  [default: group-kfold]")
@click.option("--folds", type=click.IntRange(2), help="Number of folds for group-kfold or crossfit.  [default: 5]")
@click.option("--group", help="Column of groups, none of which is split between training and test.  [default: group]")
@click.option("--of", help="With --reader union: corpora of the settings file to join, separated by commas.")
@click.option(
    "--labels", help="With --reader union: new names of labels, as in fearful=fear,calm= (which leaves calm out)."
)
@click.option(
    "--speakers-unknown",
    is_flag=True,
    help="Acknowledge that the speakers are unknown, and rank the table's rows anyway.",
)
@click.option("--run", "also_run", is_flag=True, help="Also add it to run.corpora, so that `dvc repro` runs it.")
@click.option("--force", is_flag=True, help="Replace an existing corpus of this name.")
@PARAMS
def add_corpus(params_path: Path, name: str, also_run: bool, force: bool, **settings: Any) -> None:
    """Add a corpus to the settings file.

    Comments in the file are kept. The settings of a published corpus are filled in. To join corpora that are already in
    the file into one, use --reader union --of ravdess,crema_d.

    Example: crossmodal add-corpus mine --root ~/clips --task classification --label emotion --group speaker
    """
    from pipeline.corpora.adding import add_corpus as run
    from pipeline.settings.unions import UNION

    if not settings["root"] and settings["reader"] != UNION:
        raise click.UsageError("Missing option '--root': the folder of the corpus")
    for line in run(params_path, name, settings, also_run=also_run, force=force):
        echo(line)


@click.command(cls=Command)
@PARAMS
@with_corpora
@as_json
def validate(params_path: Path, corpora: tuple[str, ...], as_json: bool) -> None:
    """Check corpora without running them.

    Lists bad rows, and differences from the published corpus. The exit code is 1 if there are errors, 3 if recordings
    are missing or unreadable, and 0 if there are only warnings or no problems.

    Example: crossmodal validate demo
    """
    from pipeline.corpora.problems import shown
    from pipeline.errors import counted
    from pipeline.inspection.validate import validate as run
    from pipeline.inspection.validate import what_errors_stop
    from pipeline.settings.paths import CorpusPaths

    params = load(params_path)
    found = []
    for name in names_of(params, corpora):
        found.append(one := run(params, name))
        if as_json:
            continue
        for line in shown(one.problems, CorpusPaths(name).problems):
            echo(line)
        echo(one)
        errors, warnings = counted(one.count("error"), "error"), counted(one.count("warning"), "warning")
        echo(f"{name}: {errors}, {one.count('failed')} failed, {warnings}")
    if as_json:
        echo_json({"corpora": [one.document() for one in found]})
    if stopped := [one for one in found if one.count("error")]:
        names = (f"{one.facts.corpus}: {what_errors_stop(one.problems, one.facts.corpus)}" for one in stopped)
        raise click.ClickException("\n".join(names))
    if failed := [one.facts.corpus for one in found if one.count("failed")]:
        echo(f"Error: {', '.join(failed)}: recordings are missing or unreadable; they will count as failed", err=True)
        sys.exit(3)


@click.group(cls=Group)
def corpora() -> None:
    """List or describe the corpora that can be read.

    Example: crossmodal corpora show meld
    """


@corpora.command("list")
@PARAMS
@as_json
def corpora_list(params_path: Path, as_json: bool) -> None:
    """List all readers of corpora, including those of plugins.

    Example: crossmodal corpora list
    """
    from pipeline.inspection.overview import readers

    if params_path.exists():
        load(params_path)
    found = list(readers())
    if as_json:
        echo_json({"readers": found})
        return
    for reader in found:
        echo(reader)


@corpora.command("show")
@click.argument("name")
@PARAMS
@as_json
def corpora_show(params_path: Path, name: str, as_json: bool) -> None:
    """Describe a published corpus.

    Prints its citation, licence, folders, labels, counts, protocol and known faults.

    Example: crossmodal corpora show meld
    """
    from pipeline.inspection.overview import block_of, described, lines_of

    if params_path.exists():
        load(params_path)
    published = described(name)
    if as_json:
        known = {key: value for key, value in vars(published).items() if key != "block"}
        echo_json({"name": name, **known, "settings": block_of(name, published)})
        return
    for line in lines_of(name, published):
        echo(line)
