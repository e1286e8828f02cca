"""Where the words of utterances and their times come from: given, recognised or aligned."""

from collections.abc import Collection
from typing import Any

import pandas as pd

from pipeline.corpora.utterances import Corpus
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.streams import WordsConfig
from pipeline.settings.unions import UnionParams

GIVEN, RECOGNISED, ALIGNED = "given", "recognised", "aligned"
MADE_WORDS = "words"  # key in the record of `prepare`: the settings, the cache keys, and whose words were made


def with_sources(table: pd.DataFrame, words: pd.DataFrame) -> pd.DataFrame:
    """Return the table of utterances with its columns `text_source` and `words_source` filled in.

    If the corpus's reader does not name a source, the text or times count as given. Without text or times, the source
    is empty.
    """
    spoken, timed = set(words["utterance"]), set(words.loc[words["start"].notna(), "utterance"])
    there = {
        "text_source": (table["text"].str.strip() != "") | table["utterance"].isin(spoken),
        "words_source": table["utterance"].isin(timed),
    }
    for column, mask in there.items():
        said = table[column] if column in table else pd.Series("", table.index)
        table = table.assign(**{column: said.where(said != "", GIVEN).where(mask, "").astype(object)})
    return table


def rule_of(settings: CorpusParams, utterance: str) -> CorpusParams:
    """Return the settings of the corpus that an utterance comes from: in a union, the settings of one part."""
    if not isinstance(settings, UnionParams):
        return settings
    part, _, own = utterance.partition(":")
    return rule_of(settings.parts[part], own)


def makes_words(settings: CorpusParams) -> bool:
    """Return whether words are recognised or aligned for a corpus or any part of a union; False if text is not used."""
    if "text" not in settings.modalities:
        return False
    parts = settings.parts.values() if isinstance(settings, UnionParams) else [settings]
    wanted = {when for part in parts for when in (part.transcribe, part.align)}
    return bool(wanted - {None, "never"}) or any(makes_words(p) for p in parts if isinstance(p, UnionParams))


def needs_text(row: Any, rule: CorpusParams) -> bool:
    """Return whether the words of an utterance are to be recognised; without a recording, they cannot be.

    Parameters
    ----------
    row
        A row of the table that `with_sources` returned, with the columns as attributes.
    rule
        The settings of the utterance's corpus.
    """
    wanted = rule.transcribe == "always" or (rule.transcribe == "missing" and not row.text_source)
    return wanted and bool(row.media or getattr(row, "sound", ""))


def needs_times(row: Any, rule: CorpusParams, coarse: Collection[str]) -> bool:
    """Return whether the words of an utterance are to be aligned with its sound.

    Words with times from a recogniser are aligned, too, because a recogniser's times are too coarse.

    Parameters
    ----------
    row, rule
        The same as for `needs_text`.
    coarse
        Utterances whose words have coarse times, as `coarsely_timed` returns them.
    """
    without = row.words_source in ("", RECOGNISED) or row.utterance in coarse
    wanted = rule.align == "always" or (rule.align == "missing" and without)
    return wanted and bool(row.text_source) and bool(row.media or getattr(row, "sound", ""))


def coarsely_timed(words: pd.DataFrame) -> set[str]:
    """Return the utterances in which most timed words have the same start and end as another word, as in subtitles.

    >>> cue = {"utterance": "a", "start": 1.0, "end": 2.5}
    >>> coarsely_timed(pd.DataFrame([cue | {"word": "so"}, cue | {"word": "what"}]))
    {'a'}
    """
    timed = words[words["start"].notna() & words["end"].notna()]
    shared = timed.duplicated(["utterance", "start", "end"], keep=False)
    share = shared.groupby(timed["utterance"]).mean()
    return {str(name) for name in share.index[share > 0.5]}


def made_words(settings: CorpusParams, corpus: Corpus, stored: pd.DataFrame) -> tuple[set[str], set[str]]:
    """Return the utterances whose words `prepare` recognises, and the utterances whose given words it only aligns.

    Parameters
    ----------
    settings
        The settings of the corpus.
    corpus
        The corpus as read from its present files.
    stored
        The table of utterances that `prepare` wrote.
    """
    texts, times = set(), set()
    aligned = set(stored["utterance"][stored["words_source"] == ALIGNED])
    coarse = coarsely_timed(corpus.words)
    for row in with_sources(corpus.utterances, corpus.words).itertuples():
        rule = rule_of(settings, str(row.utterance))
        if needs_text(row, rule):
            texts.add(str(row.utterance))
        elif row.utterance in aligned and needs_times(row, rule, coarse):
            times.add(str(row.utterance))
    return texts, times


def word_settings(settings: CorpusParams, words: WordsConfig) -> dict[str, Any]:
    """Return the settings by which `prepare` recognises or aligns words; empty if it does neither for this corpus."""
    if not makes_words(settings):
        return {}
    return {"model": words.model, "language": words.language, "when": _when(settings)}


def _when(settings: CorpusParams) -> Any:
    if isinstance(settings, UnionParams):
        return {name: _when(part) for name, part in settings.parts.items()}
    return [settings.transcribe, settings.align]


def machine_made(table: pd.DataFrame) -> str:
    """Return a sentence about the share of utterances with recognised or aligned words; ``""`` if there are none.

    >>> machine_made(pd.DataFrame({"text_source": ["given", "recognised"], "words_source": ["", ""]}))
    'the words of 1 of 2 utterances with words (50%) were recognised by a machine, not given'
    """
    texts, times = (table[column][table[column] != ""] for column in ("text_source", "words_source"))
    parts = []
    if count := int((texts == RECOGNISED).sum()):
        share = f"{count} of {len(texts)} utterances with words ({count / len(texts):.0%})"
        parts.append(f"the words of {share} were recognised by a machine, not given")
    if count := int((times == ALIGNED).sum()):
        share = f"{count} of {len(times)} utterances with timed words ({count / len(times):.0%})"
        parts.append(f"the word times of {share} were aligned by a machine")
    return "; ".join(parts)
