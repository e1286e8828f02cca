"""Computational sequences, the HDF5 files of the CMU-MultimodalSDK: ``/<root name>/data/<id>/{features,intervals}``.

``features`` is ``(n, ...)``, ``intervals`` ``(n, 2)`` seconds of the recording, ``/<root name>/metadata/<key>`` one
JSON text. What the SDK requires was found by running it: one group at the top, ``root name``, equal first dimensions.
Row i of video v in a file of labels is the utterance ``<v>_<i+1>``, and so is a segment ``<v>[i]``.

`write` makes a folder that the SDK can open: one file per store, ``words.csd``, ``labels.csd``. What the format has no
place for is in metadata keys that begin with ``crossmodal``; with them, `read` returns the same bundle again.
"""

from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path

from common.atomic import replacing_all
from common.names import suggest
from features.base import Modality
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.formats.csd.files import SequenceFile, describe
from pipeline.exchange.formats.csd.foreign import read_foreign
from pipeline.exchange.formats.csd.own import OWN_KEY, read_own
from pipeline.exchange.formats.csd.write import writers_of
from pipeline.exchange.safety import refuse_options


def read(path: Path, options: ImportOptions) -> Bundle:
    """Read one file of features, or a folder; from a folder that `write` made, the same bundle.

    Parameters
    ----------
    path
        A ``.csd``, or a folder that holds some.
    options
        ``arrays`` gives the modality, and in a folder the files, by file name or root name (``audio=*COVAREP``);
        ``labels`` is a file of labels, which then defines the utterances; ``words`` is a file of words, over which
        rows are averaged with ``align="word"``.

    Raises
    ------
    UserError
        If a file is damaged, has another layout, links to other files, or declares much more than it holds.
    """
    paths = sorted(p for p in path.glob("*.csd") if p.name[0] != ".") if path.is_dir() else [path]
    if not paths:
        raise UserError(f"{path} holds no .csd file: give a file, or the folder that holds them")
    if options.align not in ("", "word") or (options.align and options.words is None):
        raise UserError(
            f"{path}: rows can only be averaged over words (--align word), which needs a file of words (--words)"
        )
    others = {p.resolve() for p in (options.labels, options.words) if p}
    files = [describe(p) for p in paths if p.resolve() not in others or not path.is_dir()]
    if any(OWN_KEY in file.metadata for file in files):
        refuse_options(path, options, ())  # such a file describes itself
        return read_own(path, files)
    refuse_options(path, options, ("arrays", "labels", "words", "align"))
    if not options.arrays:
        name = files[0].path.stem if files else "NAME"
        raise UserError(f"{path} does not state its modality: give it with an option such as --array audio={name}")
    return read_foreign(path, _chosen(path, files, options), options)


def _chosen(path: Path, files: Sequence[SequenceFile], options: ImportOptions) -> list[tuple[Modality, SequenceFile]]:
    """Return the files that the options name, each with its modality."""
    if not path.is_dir():
        return [(options.arrays[0][0], files[0])]
    chosen = []
    for modality, patterns in options.arrays:
        for pattern in patterns:
            hits = [f for f in files if fnmatch(f.path.stem, pattern) or fnmatch(str(f.metadata["root name"]), pattern)]
            if not hits:
                raise UserError(f"{path} has no .csd {pattern!r}; {suggest(pattern, [f.path.stem for f in files])}")
            chosen += [(modality, file) for file in hits]
    return chosen


def write(bundle: Bundle, path: Path) -> None:
    """Write a bundle as a folder of ``.csd`` files, which appear together once the last one is complete.

    The ids are the names of the utterances, the intervals are seconds of the recording. The same bundle gives the same
    bytes.

    Parameters
    ----------
    bundle
        What to write.
    path
        The folder; it is made.

    Raises
    ------
    UserError
        If there is nothing to write, two files would have the same name, or the folder holds other ``.csd`` files.
    """
    writers = writers_of(bundle)
    if not writers:
        raise UserError(f"{path}: no features, no words and no labels, so there is nothing to write")
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file: give a folder")
    if old := [p.name for p in sorted(path.glob("*.csd")) if p.stem not in writers]:
        raise UserError(f"{path} holds {old[0]} already, which would become part of this export: give an empty folder")
    there = path.exists()
    try:
        with replacing_all([path / f"{name}.csd" for name in writers]) as made:
            for temporary, fill in zip(made, writers.values(), strict=True):
                fill(temporary)
    except BaseException:
        if not there:
            with suppress(OSError):
                path.rmdir()
        raise
