"""Commands that bring features in from other tools, and write them for others."""

from pathlib import Path
from typing import Any

import click

from pipeline.commands.common import (
    PARAMS,
    PROTOCOLS,
    Command,
    echo,
    load,
)


def _modality_names(pairs: tuple[str, ...]) -> tuple[tuple[Any, tuple[str, ...]], ...]:
    """Read ``MODALITY=NAME,NAME`` options."""
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
    """Read ``THEIRS=OURS`` options."""
    from pipeline.errors import UserError

    for pair in pairs:
        if not all(pair.partition("=")):
            raise UserError(f"{option} {pair!r} must read NAME=NAME, as in dev=test")
    return dict(pair.split("=", 1) for pair in pairs)


@click.command("import", cls=Command)
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
        echo(f"{', '.join(unused)}: without effect with {'--into' if into else '--corpus'}")
    options = ImportOptions(arrays, given.pop("id_"), splits=splits, align=given.pop("align") or "", **given)
    if into:
        lines = import_into(load(params_path), form, path, into, options, match)
    else:
        if not options.label or not task:
            raise UserError("--corpus also needs --label and --task: what is to be predicted")
        settings = {"task": task, "label": options.label, "kind": kind, "folds": folds, "run": run}
        lines = import_corpus(params_path, form, path, str(name), options, settings)
    for line in lines:
        echo(line)


@click.command(cls=Command)
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
    for line in run(load(params_path), name, form, path, chosen, align or "", fold):
        echo(line)
