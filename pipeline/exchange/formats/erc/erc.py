"""Read pickles of papers on emotion recognition in conversations; their layout is recognised by content.

======================================== ==============================================================================
tuples of dicts keyed by dialogue        ``IEMOCAP_features(_raw).pkl`` (9 fields), ``iemocap_multimodal_features.pkl``
                                         (12), those of MELD (9, 10, 13), COSMIC's ``iemocap.pkl`` (6), ``meld.pkl``
                                         (7) and RoBERTa features (10, 11), GCNet's and MERBench's label files (6, 7)
7 arrays, padded                         bc-LSTM's ``{text,audio,video}.pickle`` of CMU-MOSI, one per modality
``data_emotion.p``, 3 dicts of vectors   MELD's baseline: ``text_*.pkl``, ``audio_*.pkl``, keys ``<dia>_<utt>``
======================================== ==============================================================================

The fields are read in the order of the papers' own loaders (declare-lab/conv-emotion, MMGCN, M3Net, GCNet, MELD's
baseline).
"""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pandas as pd

from common.names import suggest
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.columns import unique_ids
from pipeline.exchange.formats.erc.baseline import is_baseline, read_baseline
from pipeline.exchange.formats.erc.conversations import layout_of, read_conversations
from pipeline.exchange.formats.erc.padded import is_padded, read_padded
from pipeline.exchange.formats.erc.stores import Found, store_of
from pipeline.exchange.formats.pickles import load
from pipeline.exchange.safety import refuse_options


def read(path: Path, options: ImportOptions) -> Bundle:
    """Read one pickle, or a folder of pickles from bc-LSTM or from MELD's baseline.

    The vector of an utterance becomes both its only row and its pooled vector. Utterances keep the names in the file;
    if it has none, they are numbered. MELD's are named ``<train|dev|test>_dia<D>_utt<U>``. The label columns
    ``emotion`` and ``sentiment`` hold class names, or numbers if the file has scores.

    Parameters
    ----------
    path
        The file or folder.
    options
        ``arrays`` chooses stores (``text=roberta2``) or, in a folder, files (``audio=audio_emotion``), and gives the
        modality of a file whose name does not state it.

    Raises
    ------
    UserError
        If the content has no known layout or contradicts itself, or if the file is not a pickle of plain data.
    """
    refuse_options(path, options, ("arrays",))
    found = _folder(path, options) if path.is_dir() else _file(path, load(path), options)
    if not found.rows:
        raise UserError(f"{path} holds no utterances: check that it is the right file")
    utterances = pd.DataFrame(found.rows)
    unique_ids(utterances["utterance"].tolist(), path, lambda i: f"utterance {i + 1}")
    stores, notices = [], list(found.notices)
    for name, (modality, vectors) in found.stores.items():
        store, more = store_of(path, name, modality, vectors, utterances["utterance"].tolist())
        stores.append(store)
        notices += more
    return Bundle(utterances, features=tuple(stores), notices=tuple(notices))


def _file(path: Path, value: Any, options: ImportOptions) -> Found:
    parts = _parts(value)
    if layout := layout_of(parts):
        return read_conversations(path, dict(zip(layout, parts, strict=True)), options)
    if is_padded(parts):
        return read_padded({path: parts}, options)
    if is_baseline(parts):
        return read_baseline({path: parts}, options)
    held = f" of {len(parts)} ({', '.join(type(part).__name__ for part in parts[:14])})" if parts else ""
    raise UserError(
        f"{path} holds a {type(value).__name__}{held}, which is not a known layout of conversations: "
        "try another format of `import`, or save the arrays as .npz"
    )


def _parts(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _folder(path: Path, options: ImportOptions) -> Found:
    chosen = [name for _, names in options.arrays for name in names]
    values: dict[Path, Sequence[Any]] = {}
    skipped: list[str] = []
    for file in sorted(p for p in path.iterdir() if p.suffix in (".p", ".pkl", ".pickle") and p.name[0] != "."):
        wanted = any(fnmatch(file.stem, name) for name in chosen)
        if chosen and not wanted and file.suffix != ".p":
            continue
        parts = _parts(load(file))
        if is_padded(parts) or is_baseline(parts):
            values[file] = parts
        elif wanted:
            raise UserError(
                f"{file} does not hold one vector per utterance: remove it from --array, or import it alone"
            )
        else:
            skipped.append(file.name)
    for pattern in chosen:
        if not any(fnmatch(file.stem, pattern) for file in values):
            raise UserError(
                f"{path} has no pickle {pattern!r}; {suggest(pattern, [p.stem for p in path.glob('*.p*')])}"
            )
    padded = {file: parts for file, parts in values.items() if is_padded(parts)}
    if not values or (padded and len(padded) < len(values)):
        raise UserError(f"{path} holds no pickles that can be imported together: give a single file")
    found = read_padded(padded, options) if padded else read_baseline(values, options)
    found.notices += [f"{name} is left out, since it does not hold one vector per utterance" for name in skipped]
    return found
