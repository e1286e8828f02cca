"""validate: check a corpus without running it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from models.errors import ModelError
from models.validation.protocol import grouped, groups_of
from pipeline.corpora.gathering import gather, published_of
from pipeline.corpora.problems import Problem
from pipeline.corpora.word_sources import machine_made, makes_words, needs_text, rule_of
from pipeline.errors import Untrainable, UserError, counted
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.rules import is_no_label
from pipeline.training.guard import speakers_note_of, split, told_of_speakers
from pipeline.training.matching import imported_differences


def validate(params: Params, name: str) -> tuple[Sequence[Problem], str]:
    """Return every problem of a corpus, and a summary of what it holds.

    The protocol and the leak guard are also checked if the rows have no errors.
    """
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
                f"{linked.sum()} recordings are one file under several names ({names}, ...): training fails if they "
                "are on both sides of a fold"
            )
            problems.append(Problem("warning", where, None, message))
        problems += [Problem("warning", where, None, note) for note in _spoken(table, params, name)]
        try:  # links have been reported above, so the leak guard does not report them again
            alone = table.assign(media_sha256=table["media_sha256"].where(~linked, ""))
            notices = split(alone, corpus)[1] if corpus.label else []
            problems += [Problem("warning", where, None, notice) for notice in notices]
        except (ModelError, Untrainable) as error:
            problems.append(Problem("error", where, None, str(error), stops="train"))
        problems += _stores(name, corpus, table)
    facts = facts_of(name, found.utterances, found.words, corpus)
    return problems, facts + _to_be_recognised(found.utterances, corpus)


def _to_be_recognised(table: pd.DataFrame, corpus: CorpusParams) -> str:
    """Return the end of a sentence about the utterances whose words `prepare` will recognise."""
    count = sum(needs_text(row, rule_of(corpus, str(row.utterance))) for row in table.itertuples())
    if not count or not makes_words(corpus):
        return ""
    return f"; `prepare` recognises the words of {counted(count, 'utterance')}, which are then marked as recognised"


def _spoken(table: pd.DataFrame, params: Params, name: str) -> list[str]:
    """Return what is to be said of the speakers; without labels there are no folds that could share one."""
    corpus = params.corpus(name)
    return told_of_speakers(speakers_note_of(table, corpus, published_of(corpus)), params, name) if corpus.label else []


def _stores(name: str, corpus: CorpusParams, table: pd.DataFrame) -> list[Problem]:
    """Return problems of imported features whose utterances differ from the corpus's."""
    folder = CorpusPaths(name).work / "features"
    try:
        return [
            Problem("warning", folder, None, difference)
            for difference in imported_differences(name, corpus.features.values(), table)
        ]
    except UserError as error:
        return [Problem("error", folder, None, str(error), stops="train")]


def facts_of(name: str, table: pd.DataFrame, words: pd.DataFrame, corpus: CorpusParams) -> str:
    """Return a sentence about what a corpus holds, and one about each part of a published split.

    Groups are those of the protocol; without information on which utterances belong together, there are none.
    """
    groups = pd.Series(groups_of(table, corpus.protocol.group), table.index)
    known = grouped(table, corpus.protocol.group)
    several = f"{groups.nunique()} groups, " if known else "no groups (each utterance by itself), "
    timed = int(words["start"].notna().sum())
    facts = f"{name}: {len(table)} utterances, {table['recording'].nunique()} recordings, {several}"
    facts += f"{timed} timed words" + (f" and {len(words) - timed} without times" if timed < len(words) else "")
    facts += f"; {made}" if (made := machine_made(table)) else ""
    if not corpus.label:
        facts += "; no labels: features only"
    elif corpus.task == "classification":
        labels = [label for label in table[corpus.label] if not is_no_label(label)]
        facts += "; " + ", ".join(f"{count} {label}" for label, count in sorted(Counter(labels).items()))
        facts += f", {len(table) - len(labels)} without a label" if len(labels) < len(table) else ""
    for side, part in table[table["split"] != ""].groupby("split", sort=False):
        facts += f"\n{name}: {side}: {len(part)} utterances"
        facts += f" in {groups[part.index].nunique()} groups" if known else ""
    return facts


def what_errors_stop(problems: Sequence[Problem], name: str) -> str:
    """Return which stages a corpus's errors block, and what to do."""
    if any(problem.severity == "error" and problem.stops == "prepare" for problem in problems):
        return "nothing can be prepared: correct the rows named above"
    return f"it can be prepared, but not trained: correct what is named above, or change corpora.{name}.protocol"


def _linked(table: pd.DataFrame) -> pd.Series:
    """Return a mask of the recordings that are hard links of one another: unlike copies, these are deliberate."""
    known = table[table["media_sha256"] != ""]["media"].unique()
    stats = {media: Path(media).stat() for media in known}
    files = table["media"].map({media: f"{s.st_dev} {s.st_ino}" for media, s in stats.items()}).fillna("")
    names = table.groupby(files)["recording"].nunique()
    return files.map(names).gt(1) & (files != "")
