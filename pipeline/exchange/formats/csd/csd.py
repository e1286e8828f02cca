"""Computational sequences (.csd), the HDF5 files of the CMU-MultimodalSDK.

``/<root name>/data/<id>/features`` is ``(n, ...)``, ``intervals`` next to it is ``(n, 2)`` seconds from the start of
the recording, and each ``/<root name>/metadata/<key>`` is one JSON text. The SDK requires one group at the top, a
``root name``, and as many intervals as feature rows. In a label file, row i (from 0) of video v is the utterance
``<v>_<i+1>``. In aligned files, the same utterance has the id ``<v>[i]``.

`write` makes a folder that the SDK can open: one file per store, ``words.csd``, ``labels.csd`` with the numeric labels,
and ``labels_<name>.csd`` for each text label. Everything that the format has no place for is stored under metadata keys
that begin with ``crossmodal``, from which `read` restores the same bundle.
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
    """Read one feature file or a folder of files; from a folder that `write` made, restore the same bundle.

    Parameters
    ----------
    path
        A ``.csd`` file, or a folder of such files.
    options
        ``arrays`` gives the modality and, for a folder, chooses files by file name or root name (``audio=*COVAREP``).
        ``labels`` is a label file, which then defines the utterances. ``words`` is a word file, which then gives the
        text; ``align="word"`` averages the rows over its words.

    Raises
    ------
    UserError
        If a file is damaged, has a different layout, links to other files, or declares much more data than it holds, or
        if the options do not fit the file.
    """
    paths = sorted(p for p in path.glob("*.csd") if p.name[0] != ".") if path.is_dir() else [path]
    if not paths:
        raise UserError(f"{path} holds no .csd file: give a .csd file, or a folder that holds some")
    if options.align not in ("", "word") or (options.align and options.words is None):
        raise UserError(
            f"{path}: --align must be word, which averages rows over words; it also needs a file of words (--words)"
        )
    others = {p.resolve() for p in (options.labels, options.words) if p}
    files = [describe(p) for p in paths if p.resolve() not in others or not path.is_dir()]
    if any(OWN_KEY in file.metadata for file in files):
        refuse_options(path, options, ())  # a file of ours describes itself
        return read_own(path, files)
    refuse_options(path, options, ("arrays", "labels", "words", "align"))
    if not options.arrays:
        name = files[0].path.stem if files else "NAME"
        raise UserError(f"{path} does not state the modality: give it with an option such as --array audio={name}")
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

    The ids are the names of the utterances; the intervals are in seconds from the start of the recording. The same
    bundle gives the same bytes.

    Parameters
    ----------
    bundle
        The bundle to write.
    path
        The folder, which is created if it does not exist.

    Raises
    ------
    UserError
        If there is nothing to write, if two files would have the same name, or if the folder holds other ``.csd``
        files.
    """
    writers = writers_of(bundle)
    if not writers:
        raise UserError(f"{path}: the corpus has no features, words or labels to write: name stores with --features")
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file: give a folder")
    if old := [p.name for p in sorted(path.glob("*.csd")) if p.stem not in writers]:
        raise UserError(f"{path} already holds {old[0]}, which would become part of this export: give an empty folder")
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
