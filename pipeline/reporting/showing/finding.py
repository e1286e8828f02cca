"""Find the utterance to show by its id in a prepared corpus, or make the streams of any recording."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from common.atomic import scratch_folder
from common.names import listed_names
from features.base import MODALITIES
from pipeline.corpora.gathering import tabulate
from pipeline.corpora.utterances import read_table, read_utterances, read_word_table, write_tables
from pipeline.errors import UserError
from pipeline.inference.clip_words import completing_clips, notices_of, rule_for
from pipeline.inference.sources import Clips, clip_manifest
from pipeline.run.extraction import close_store
from pipeline.run.pool.cluster import Pool
from pipeline.run.streaming import write_stream
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.streams import When
from pipeline.tables.bound import TABLES

WORK = Path("data/work")
_ALIKE = 0.5  # minimum similarity of an id that is suggested


@dataclass(frozen=True)
class Place:
    """Where an utterance was found.

    Attributes
    ----------
    params, name
        The settings, and the corpus in them that has the streams of the utterance; it may be a temporary one.
    utterance
        The id of the utterance.
    corpus
        The prepared corpus that holds the utterance; empty for a recording.
    remarks
        Sentences for the user.
    """

    params: Params
    name: str
    utterance: str
    corpus: str
    remarks: tuple[str, ...] = ()


@contextmanager
def found(params: Params, wanted: str, corpus: str, text: str | None) -> Iterator[Place]:
    """Find an utterance or a recording, and yield its place.

    If a recording is wanted, or the corpus of the utterance has neither streams nor features, streams are made for this
    recording or utterance alone, and removed at the end.

    Parameters
    ----------
    params
        The settings.
    wanted
        The id of an utterance or, if `corpus` is empty, the path of a recording.
    corpus
        The corpus of the utterance; if empty, all prepared corpora are searched.
    text
        The transcript of the recording, or None if there is no transcript. For an utterance, it must be None.

    Raises
    ------
    UserError
        If there is no such utterance or recording, if several corpora have an utterance with this id, if the corpus is
        not prepared, or if `text` is given for an utterance.
    """
    with ExitStack() as stack:
        if not corpus and Path(wanted).is_file():
            yield stack.enter_context(_recording(params, Path(wanted), text))
            return
        if text is not None:
            raise UserError(
                f"--text is the transcript of a recording, but {wanted!r} is taken for an utterance: leave out --text"
            )
        name = corpus_of(params, wanted, corpus)
        paths = CorpusPaths(name)
        if any(paths.stream(m).exists() for m in MODALITIES) or any((paths.work / "features").glob("*.h5")):
            yield Place(params, name, wanted, name)
        else:
            yield stack.enter_context(_alone(params, name, wanted))


def corpus_of(params: Params, utterance: str, corpus: str) -> str:
    """Return the one corpus that holds an utterance; if `corpus` is not empty, only that one is searched.

    Raises
    ------
    UserError
        If no corpus to search is prepared, if none of them has the utterance (the message lists similar ids), or if
        several have it.
    """
    names = [corpus] if corpus else [n for n in params.corpora if CorpusPaths(n).utterances.exists()]
    if not names:
        raise UserError(
            f"{utterance!r} is not a file, and no corpus is prepared: give a recording, or run `crossmodal prepare`"
        )
    ids = {name: _ids(params, name) for name in names}
    holding = [name for name, own in ids.items() if utterance in own]
    if len(holding) == 1:
        return holding[0]
    if holding:
        raise UserError(
            f"the corpora {', '.join(holding)} all have an utterance {utterance!r}: choose one with --corpus"
        )
    every = sorted({one for own in ids.values() for one in own})
    near = get_close_matches(utterance[:200], every, n=5, cutoff=_ALIKE)
    hint = f"did you mean {', '.join(map(repr, near))}?" if near else f"the first ids are {listed_names(every[:3])}"
    raise UserError(f"{utterance!r:.200} is neither an utterance of {' or '.join(names)} nor a file: {hint}")


def _ids(params: Params, name: str) -> list[str]:
    params.corpus(name)
    path = CorpusPaths(name).utterances
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal prepare --corpus {name}` first")
    ids: list[str] = read_table(path, dtype=str)["utterance"].tolist()
    return ids


@contextmanager
def _recording(params: Params, clip: Path, text: str | None) -> Iterator[Place]:
    """Make the streams of one recording, as `predict` does, and yield its place; then remove the streams."""
    with scratch_folder(WORK, ".show-") as work, ExitStack() as stack:
        stack.callback(close_store)
        root = clip_manifest(Clips(None, {clip.stem: clip}), text, work / "clip")
        own = _own(params, work.name, str(root), rule_for(params.words.transcribe, text))
        problems = tabulate(own.corpus(work.name), work.name, completing_clips(own, work.name, lambda _: Pool(0)))
        _write_streams(own, work.name)
        remarks = notices_of(problems, read_utterances(CorpusPaths(work.name).utterances, ""), {clip.stem: clip})
        yield Place(own, work.name, clip.stem, "", tuple(remarks))


@contextmanager
def _alone(params: Params, name: str, utterance: str) -> Iterator[Place]:
    """Make the streams of one utterance of a corpus without streams, and yield its place; then remove the streams."""
    paths, corpus = CorpusPaths(name), params.corpus(name)
    tables = {
        paths.utterances: read_utterances(paths.utterances, corpus.label),
        paths.words: read_word_table(paths.words),
    }
    with scratch_folder(WORK, ".show-") as work, ExitStack() as stack:
        stack.callback(close_store)
        own_rows = {path.name: table[table["utterance"] == utterance] for path, table in tables.items()}
        write_tables(own_rows, work, TABLES, f"crossmodal show {utterance}")
        own = replace(params, corpora={work.name: corpus}, run=replace(params.run, max_failed=1.0))
        _write_streams(own, work.name)
        remark = f"{name} has no streams yet (crossmodal preprocess), so those of {utterance} were made just to show it"
        yield Place(own, work.name, utterance, name, (remark,))


def _write_streams(params: Params, name: str) -> None:
    with Pool(0) as pool:
        for modality in params.corpus(name).modalities:
            write_stream(params, name, modality, pool)


def _own(params: Params, name: str, root: str, transcribe: When) -> Params:
    corpus = CorpusParams(
        reader="manifest",
        root=root,
        task="classification",
        label="",
        modalities=MODALITIES,
        protocol=ProtocolParams("group-kfold"),
        transcribe=transcribe,
        align=params.words.align,
    )
    return replace(params, corpora={name: corpus}, run=replace(params.run, max_failed=1.0))
