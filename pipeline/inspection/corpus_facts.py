"""Count the utterances, recordings, groups, words and labels of a corpus.

The utterances and groups of each part of a published split are counted, too.
"""

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from models.validation.protocol import grouped, groups_of
from pipeline.corpora.word_sources import machine_made
from pipeline.errors import counted
from pipeline.settings.blocks import CorpusParams
from pipeline.tables.rules import is_no_label


@dataclass(frozen=True)
class Part:
    """One part of a published split: its name and its numbers of utterances and of groups (None if unknown)."""

    split: str
    utterances: int
    groups: int | None


@dataclass(frozen=True)
class CorpusFacts:
    """Counts of the utterances, words and labels of a corpus.

    Attributes
    ----------
    corpus
        The name of the corpus.
    utterances, recordings
        The numbers of utterances and of recordings.
    groups
        The number of groups of the protocol; None if nothing says which utterances belong together.
    timed_words, untimed_words
        The numbers of words with and without times.
    made
        A sentence on words and times that a machine made; empty if there are none.
    task, label
        ``classification`` or ``regression``, and the label column, which is empty if there are no labels.
    labels
        In classification, the number of utterances of each class.
    unlabelled
        The number of utterances without a label.
    split
        The parts of a published split.
    """

    corpus: str
    utterances: int
    recordings: int
    groups: int | None
    timed_words: int
    untimed_words: int
    made: str
    task: str
    label: str
    labels: dict[str, int] = field(default_factory=dict)
    unlabelled: int = 0
    split: tuple[Part, ...] = ()

    def __str__(self) -> str:
        """Return one line about the whole corpus, and one about each part of a published split."""
        several = "no groups (each utterance by itself)" if self.groups is None else counted(self.groups, "group")
        first = f"{self.corpus}: {counted(self.utterances, 'utterance')}, {counted(self.recordings, 'recording')}, "
        first += f"{several}, {counted(self.timed_words, 'timed word')}"
        first += f" and {self.untimed_words} without times" if self.untimed_words else ""
        first += f"; {self.made}" if self.made else ""
        first += f"; {self._labels()}" if not self.label or self.labels or self.unlabelled else ""
        return "\n".join([first, *map(self._part, self.split)])

    def _labels(self) -> str:
        if not self.label:
            return "no labels: features only"
        without = [f"{self.unlabelled} without a label"] if self.unlabelled else []
        return ", ".join([*(f"{count} {label}" for label, count in self.labels.items()), *without])

    def _part(self, part: Part) -> str:
        groups = "" if part.groups is None else f" in {counted(part.groups, 'group')}"
        return f"{self.corpus}: {part.split}: {counted(part.utterances, 'utterance')}{groups}"


def facts_of(name: str, table: pd.DataFrame, words: pd.DataFrame, corpus: CorpusParams) -> CorpusFacts:
    """Return the counts of a corpus; its groups are those of its protocol.

    Parameters
    ----------
    name, corpus
        The name of the corpus and its settings.
    table, words
        The tables of its utterances and its words.
    """
    groups = pd.Series(groups_of(table, corpus.protocol.group), table.index)
    known = grouped(table, corpus.protocol.group)
    timed = int(words["start"].notna().sum())
    cells = list(table[corpus.label].astype(str)) if corpus.label else []
    labels = [label for label in cells if not is_no_label(label)]
    classes = sorted(Counter(labels).items()) if corpus.task == "classification" else []
    return CorpusFacts(
        corpus=name,
        utterances=len(table),
        recordings=table["recording"].nunique(),
        groups=groups.nunique() if known else None,
        timed_words=timed,
        untimed_words=len(words) - timed,
        made=machine_made(table),
        task=corpus.task,
        label=corpus.label,
        labels=dict(classes),
        unlabelled=len(cells) - len(labels),
        split=tuple(
            Part(str(side), len(part), groups[part.index].nunique() if known else None)
            for side, part in table[table["split"] != ""].groupby("split", sort=False)
        ),
    )
