"""Sentences of the methods text about words that a machine recognised or aligned, with references and licences."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from common.references import Reference, cited
from features.audio.speech_models import PACKAGED
from pipeline.corpora.word_sources import ALIGNED, RECOGNISED, makes_words
from pipeline.settings.params import Params

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


def word_tools(params: Params, name: str, table: pd.DataFrame) -> Iterator[Tool]:
    """Yield the programs that recognised or aligned words of a corpus.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    table
        The utterance table.
    """
    ours = makes_words(params.corpus(name))
    if count := _count(table, "text_source", RECOGNISED):
        yield _recogniser(params, _in(count, table)) if ours else _elsewhere(_in(count, table))
    if count := _count(table, "words_source", RECOGNISED):
        yield Tool(f"{_in(count, table)} the times of words come from a recogniser.")
    if count := _count(table, "words_source", ALIGNED):
        yield _aligner(_in(count, table))


def _count(table: pd.DataFrame, column: str, source: str) -> int:
    return int((table[column] == source).sum()) if column in table.columns else 0


def _in(count: int, table: pd.DataFrame) -> str:
    many = f"all {count}" if count == len(table) else f"{count} of the"
    return f"In {many} utterances"


def _elsewhere(start: str) -> Tool:
    return Tool(f"{start} the transcript was recognised by a machine; by which one is not recorded.")


def _recogniser(params: Params, start: str) -> Tool:
    model = params.words.model
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
