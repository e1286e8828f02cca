"""`crossmodal validate`: check a corpus without running any stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from models.errors import ModelError
from pipeline.corpora.gathering import gather, published_of
from pipeline.corpora.problems import SEVERITIES, Problem, Severity
from pipeline.corpora.word_sources import makes_words, needs_text, rule_of
from pipeline.errors import Untrainable, UserError, counted
from pipeline.inspection.corpus_facts import CorpusFacts, facts_of
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.guard import speakers_note_of, split, told_of_speakers, unlabelled_notice
from pipeline.training.matching import imported_differences


@dataclass(frozen=True)
class Validated:
    """The result of checking a corpus.

    Attributes
    ----------
    problems
        Everything that is wrong with the corpus.
    facts
        The numbers of its utterances, words and labels.
    to_recognise
        The number of utterances whose words `prepare` will recognise.
    """

    problems: Sequence[Problem]
    facts: CorpusFacts
    to_recognise: int

    def count(self, severity: Severity) -> int:
        """Return the number of problems of one severity."""
        return sum(problem.severity == severity for problem in self.problems)

    def document(self) -> dict[str, Any]:
        """Return the facts, counts and problems as one mapping, whose keys docs/json.md describes."""
        counts = {severity: self.count(severity) for severity in SEVERITIES}
        more = {"to_recognise": self.to_recognise, "counts": counts, "problems": self.problems}
        return {**vars(self.facts), **more}

    def __str__(self) -> str:
        """Return sentences about the content of the corpus, one per line."""
        if not self.to_recognise:
            return str(self.facts)
        return (
            f"{self.facts}; `prepare` recognises the words of {counted(self.to_recognise, 'utterance')}, which are "
            "then marked as recognised"
        )


def validate(params: Params, name: str) -> Validated:
    """Check a corpus and its recordings; if there are no errors, also divide it into folds and check them for leaks."""
    corpus = params.corpus(name)
    found = gather(corpus)
    table = found.utterances
    problems = list(found.problems)
    where = Path(corpus.root)
    if all(problem.severity == "warning" for problem in problems):
        linked = _linked(table)
        if linked.any():
            names = ", ".join(table.loc[linked, "media"].head(3))
            message = (
                f"{linked.sum()} utterances are in recordings that are one file under several names ({names}, ...): "
                "training fails if they are on both sides of a fold"
            )
            problems.append(Problem("warning", where, None, message))
        problems += [Problem("warning", where, None, note) for note in _spoken(table, params, name)]
        try:  # links have been reported above, so the leak guard does not report them again
            alone = table.assign(media_sha256=table["media_sha256"].where(~linked, ""))
            notices = split(alone, corpus)[1] if corpus.label else []
            counted_already = unlabelled_notice(table, corpus) if corpus.label else ""
            problems += [Problem("warning", where, None, one) for one in notices if one != counted_already]
        except (ModelError, Untrainable) as error:
            problems.append(Problem("error", where, None, str(error), stops="train"))
        problems += _stores(name, corpus, table)
    return Validated(problems, facts_of(name, table, found.words, corpus), _to_be_recognised(table, corpus))


def _to_be_recognised(table: pd.DataFrame, corpus: CorpusParams) -> int:
    """Return the number of utterances whose words `prepare` will recognise."""
    if not makes_words(corpus):
        return 0
    return sum(needs_text(row, rule_of(corpus, str(row.utterance))) for row in table.itertuples())


def _spoken(table: pd.DataFrame, params: Params, name: str) -> list[str]:
    """Return notes about unknown speakers; none for a corpus without labels, which is never divided into folds."""
    corpus = params.corpus(name)
    return told_of_speakers(speakers_note_of(table, corpus, published_of(corpus)), params, name) if corpus.label else []


def _stores(name: str, corpus: CorpusParams, table: pd.DataFrame) -> list[Problem]:
    """Return problems with imported features.

    These are utterances that only the features or only the corpus has, and utterances that were moved since the import.
    """
    folder = CorpusPaths(name).work / "features"
    try:
        return [
            Problem("warning", folder, None, difference)
            for difference in imported_differences(name, corpus.features.values(), table)
        ]
    except UserError as error:
        return [Problem("error", folder, None, str(error), stops="train")]


def what_errors_stop(problems: Sequence[Problem], name: str) -> str:
    """Return a sentence that says which stages the errors of a corpus block, and what to do."""
    if any(problem.severity == "error" and problem.stops == "prepare" for problem in problems):
        return "nothing can be prepared: correct the rows named above"
    return f"it can be prepared, but not trained on: correct the errors above, or change corpora.{name}.protocol"


def _linked(table: pd.DataFrame) -> pd.Series:
    """Return a mask of the rows whose recordings are one file under several names (links, which are deliberate)."""
    known = table[table["media_sha256"] != ""]["media"].unique()
    stats = {media: Path(media).stat() for media in known}
    files = table["media"].map({media: f"{s.st_dev} {s.st_ino}" for media, s in stats.items()}).fillna("")
    names = table.groupby(files)["recording"].nunique()
    return files.map(names).gt(1) & (files != "")
