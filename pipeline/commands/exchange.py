"""Commands that import features from other tools, and export them for others."""

from pathlib import Path
from typing import Any

import click

from pipeline.commands import completion, frames
from pipeline.commands.common import (
    PARAMS,
    PROTOCOLS,
    Command,
    echo,
    load,
)


def _modality_names(pairs: tuple[str, ...]) -> tuple[tuple[Any, tuple[str, ...]], ...]:
    """Return the modality and the names of the arrays in each ``MODALITY=NAME,NAME`` option."""
    from common.names import suggest
    from features.base import MODALITIES
    from pipeline.errors import UserError

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
    """Return ``THEIRS=OURS`` options as a mapping."""
    from pipeline.errors import UserError

    for pair in pairs:
        if not all(pair.partition("=")):
            raise UserError(f"{option} {pair!r} must read NAME=NAME, as in dev=test")
    return dict(pair.split("=", 1) for pair in pairs)


@click.command("import", cls=Command)
@click.argument("form", metavar="FORMAT")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--corpus", "name", help="Make a new corpus of this name.")
@click.option(
    "--into",
    shell_complete=completion.corpora,
    help="Add the features to this corpus, matched by id, or by recording and time.",
)
@click.option(
    "--match", default="", help="With --into: regular expression whose group is the part of the ids that must match."
)
@click.option("--array", "arrays", multiple=True, metavar="MODALITY=NAMES", help="Arrays or columns of features.")
@click.option("--id", "id_", default="", help="Array or column of unique ids.")
@click.option("--text", default="", help="Array or column of transcripts.")
@click.option("--speaker", default="", help="Array or column of speakers.")
@click.option(
    "--group", default="", help="Array or column of groups, none of which is split between training and test."
)
@click.option("--split", default="", help="Array or column that holds the split: train, valid or test.")
@click.option(
    "--split-name",
    "splits",
    multiple=True,
    metavar="THEIRS=OURS",
    help="A split's name in the file and its name here, as in dev=test; can be repeated.",
)
@click.option("--start", default="", help="Array or column of start times in seconds.")
@click.option("--end", default="", help="Array or column of end times in seconds.")
@click.option("--label", default="", help="With --corpus: array or column of the labels.")
@click.option("--task", type=click.Choice(["classification", "regression"]), help="With --corpus: kind of labels.")
@click.option("--protocol", "kind", help=f"{PROTOCOLS}.  [default: official if split]")
@click.option("--folds", type=click.IntRange(2), help="Number of folds for group-kfold or crossfit.  [default: 5]")
@click.option("--labels", type=click.Path(path_type=Path), help="A .csd file of labels.")
@click.option("--words", type=click.Path(path_type=Path), help="A .csd file of timed words.")
@click.option("--align", type=click.Choice(["word"]), help="Average the rows over each word.")
@frames.frame_options
@click.option("--run", "also_run", is_flag=True, help="Also add it to run.corpora, so that `dvc repro` runs it.")
@PARAMS
def import_(params_path: Path, form: str, path: Path, name: str | None, into: str | None, **given: Any) -> None:
    """Import features: npz, csv, parquet, mmsa, csd, erc or frames.

    The format frames is a folder of tables of OpenFace, py-feat or LibreFace, one per recording. The tables are matched
    with recordings by name, and frames with utterances by time, as in
    `crossmodal import frames openface/ --into mine --modality video --prefix AU`.

    Example: crossmodal import npz features.npz --corpus mine --array audio=mfcc --label emotion --task classification
    """
    from pipeline.errors import UserError, refuse_pipe

    if form == "frames" and (name or not into):
        raise UserError("name the corpus that the frames are added to: --into NAME")
    if bool(name) == bool(into):
        raise UserError("name either a new corpus (--corpus NAME) or an existing one (--into NAME)")
    if not path.exists():
        raise UserError(f"{path} does not exist")
    if not path.is_dir():  # some formats are folders
        refuse_pipe(path)
    own = frames.taken(given)
    if form == "frames":
        match = given.pop("match")
        frames.refuse_given(given, form)
        lines = frames.import_frames(params_path, path, str(into), match, own)
    else:
        frames.refuse_given(own, form)
        lines = _import(params_path, form, path, name, into, given)
    for line in lines:
        echo(line)


def _import(
    params_path: Path, form: str, path: Path, name: str | None, into: str | None, given: dict[str, Any]
) -> list[str]:
    """Import features in the format `form` into a new or an existing corpus, and return the lines to print."""
    from pipeline.errors import UserError
    from pipeline.exchange.bundle import ImportOptions
    from pipeline.exchange.importing import import_corpus, import_into

    task, kind, folds, match, run = (given.pop(key) for key in ("task", "kind", "folds", "match", "also_run"))
    arrays, splits = _modality_names(given.pop("arrays")), _pairs("--split-name", given.pop("splits"))
    described = {"--label": given["label"], "--task": task, "--protocol": kind, "--folds": folds, "--run": run}
    unused = [option for option, value in (described if into else {"--match": match}).items() if value]
    if unused:
        echo(f"{', '.join(unused)}: no effect with {'--into' if into else '--corpus'}")
    options = ImportOptions(arrays, given.pop("id_"), splits=splits, align=given.pop("align") or "", **given)
    if into:
        return import_into(load(params_path), form, path, into, options, match)
    if not options.label or not task:
        raise UserError("--corpus needs --label and --task as well")
    settings = {"task": task, "label": options.label, "kind": kind, "folds": folds, "run": run}
    return import_corpus(params_path, form, path, str(name), options, settings)


@click.command(cls=Command)
@click.argument("form", metavar="FORMAT")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--corpus", "name", required=True, shell_complete=completion.corpora, help="Corpus.")
@click.option("--features", "stores", help="Stores, separated by commas.  [default: those that training uses]")
@click.option("--align", type=click.Choice(["word"]), help="Average the rows over each word.")
@click.option("--fold", default="", help="Fold whose parts become train, valid and test.  [default: the first]")
@PARAMS
def export(
    params_path: Path, form: str, path: Path, name: str, stores: str | None, align: str | None, fold: str
) -> None:
    """Export features: mmsa, csd, npz or parquet.

    Example: crossmodal export npz demo.npz --corpus demo --features bert,egemaps,face_cnn
    """
    from pipeline.exchange.exporting import export as run

    chosen = tuple(s.strip() for s in (stores or "").split(",") if s.strip())
    for line in run(load(params_path), name, form, path, chosen, align or "", fold):
        echo(line)
