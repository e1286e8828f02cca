"""Commands that look without running: status, doctor, features, cache."""

from pathlib import Path

import click

from pipeline.commands.common import (
    CORPUS,
    PARAMS,
    Command,
    Group,
    echo,
    load,
    names_of,
)


@click.command(cls=Command)
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

    params = load(params_path)
    names = names_of(params, corpora)
    if not verified:
        echo(run(params, names))
        return
    found = list(verify(params, names))
    faults = [fault for _, fault in found if fault]
    for fault in faults:
        echo(fault)
    if faults:
        raise UserError(f"{len(faults)} of {len(found)} files are not as they were written: do what their lines say")
    echo(f"{len(found)} files read: all are as they were written")


@click.command(cls=Command)
def doctor() -> None:
    """Check this machine: Python, libraries, weights, libGL, write access, Dask.

    Example: crossmodal doctor
    """
    from pipeline.inspection.doctor import checks

    bad = 0
    for check in checks():
        bad += not check.ok
        echo(f"{'ok' if check.ok else 'NOT OK':7}{check.name}: {check.detail}")
    if bad:
        raise click.ClickException(f"{bad} checks failed: do what their lines say")


@click.group(cls=Group)
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

    for line in extractors(load(params_path)):
        echo(line)


@features.command("show")
@click.argument("file", type=click.Path(path_type=Path))
def features_show(file: Path) -> None:
    """Say what a store holds.

    Example: crossmodal features show data/work/demo/features/opensmile.h5
    """
    from features.store import describe, open_store

    with open_store(file) as store:
        for line in describe(store):
            echo(line)


@click.group(cls=Group)
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
        echo(f"cache gc: {line}")
    if garbage and not yes:
        click.confirm("Delete all this?", abort=True)
    echo(f"cache gc: {clean(garbage)}")
