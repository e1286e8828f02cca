"""Sentences of the methods text about words that a machine recognised or aligned, with references and licences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd

from common.references import Reference, cited
from features.audio.speech_models import PACKAGED
from pipeline.corpora.word_sources import ALIGNED, MADE_WORDS, RECOGNISED
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import TABLES, read_record

RADFORD = Reference(
    "inproceedings",
    "Radford, Alec and Kim, Jong Wook and Xu, Tao and Brockman, Greg and others",
    "Robust speech recognition via large-scale weak supervision",
    "Proceedings of ICML",
    2023,
)
HUGGINS_DAINES = Reference(
    "inproceedings",
    "Huggins-Daines, David and Kumar, Mohit and Chan, Arthur and Black, Alan W. and others",
    "Pocketsphinx: A free, real-time continuous speech recognition system for hand-held devices",
    "IEEE International Conference on Acoustics, Speech and Signal Processing",
    2006,
)


@dataclass(frozen=True)
class Tool:
    """A program that made words or their times.

    Attributes
    ----------
    sentence
        The sentence of the methods text about it.
    reference
        What to cite; None if the words were made elsewhere.
    packages
        The packages that it runs on.
    licences
        What was used, and its licence.
    """

    sentence: str
    reference: Reference | None = None
    packages: tuple[str, ...] = ()
    licences: tuple[tuple[str, str], ...] = ()


def words_made(name: str) -> Mapping[str, Any]:
    """Return what `prepare` recorded about the words that it made for a corpus; empty if it made none.

    The key `RECOGNISED` and the key `ALIGNED` hold the utterances whose words it recognised or aligned.
    """
    path = CorpusPaths(name).work / TABLES
    found: Mapping[str, Any] = read_record(path).get(MADE_WORDS, {}) if path.is_file() else {}
    return found


def word_tools(table: pd.DataFrame, made: Mapping[str, Any]) -> Iterator[Tool]:
    """Yield the programs that recognised or aligned words of a corpus, as far as they are known.

    Parameters
    ----------
    table
        The utterance table.
    made
        What `words_made` returned. Recognised or aligned words of utterances that it does not list are from another
        program.
    """
    ours, others = _counts(table, "text_source", RECOGNISED, made)
    if ours:
        yield _recogniser(made["settings"]["model"], _in(ours, table))
    if others:
        yield _elsewhere(f"{_in(others, table)} the transcript was recognised by a machine")
    if count := sum(_counts(table, "words_source", RECOGNISED, made)):
        yield Tool(f"{_in(count, table)} the times of words come from a recogniser.")
    ours, others = _counts(table, "words_source", ALIGNED, made)
    if ours:
        yield _aligner(_in(ours, table))
    if others:
        yield _elsewhere(f"{_in(others, table)} the times of words were found by aligning the words with the sound")


def _counts(table: pd.DataFrame, column: str, source: str, made: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many utterances have words or times from a source: those made by `prepare`, and the others."""
    if column not in table.columns:
        return 0, 0
    names = table["utterance"][table[column] == source]
    ours = int(names.isin(made.get(source, [])).sum())
    return ours, len(names) - ours


def _in(count: int, table: pd.DataFrame) -> str:
    many = f"all {count}" if count == len(table) else f"{count} of the"
    return f"In {many} utterances"


def _elsewhere(what: str) -> Tool:
    return Tool(f"{what}; by which program is not recorded.")


def _recogniser(model: str, start: str) -> Tool:
    named = "Whisper tiny.en, 39 million parameters," if model == PACKAGED else f"the Whisper model {model},"
    licence = "MIT" if model == PACKAGED else "as its publisher states"
    return Tool(
        f"{start} the transcript was recognised by {named} with a beam search{cited((RADFORD,))}, run by "
        f"{_versioned('faster-whisper')} on {_versioned('ctranslate2')}.",
        RADFORD,
        ("faster-whisper", "ctranslate2"),
        ((f"recogniser: Whisper {'tiny.en' if model == PACKAGED else model}", licence), ("faster-whisper", "MIT")),
    )


def _aligner(start: str) -> Tool:
    return Tool(
        f"{start} the times of words were found by forced alignment with the sound by {_versioned('pocketsphinx')} and "
        f"its acoustic model of US English{cited((HUGGINS_DAINES,))}.",
        HUGGINS_DAINES,
        ("pocketsphinx",),
        (("aligner: pocketsphinx with its acoustic model and dictionary", "BSD"),),
    )


def _versioned(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:  # the words may have been made on another computer
        return package
