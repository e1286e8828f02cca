"""The errors of the best fusion: what it confuses, which models are right there, and where errors are frequent."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.base import MODALITIES
from models.configuration import Configuration
from models.data.modalities import Task
from models.validation.protocol import PROTOCOLS
from pipeline.errors import counted
from pipeline.evaluation.disagreements import right
from pipeline.evaluation.results import PROBABILITY
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.alone import Alone, alone_of
from pipeline.settings.blocks import CorpusParams

NAMED = 3  # a sentence names at most this many groups
PAIRS = 6  # a sentence names at most this many confusions
CLASSES = 10  # with more classes, no sentence counts each of them

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """The errors at which the models of certain modalities are right.

    Attributes
    ----------
    right
        The names of these modalities; empty if the models with which the row is compared are all wrong, too.
    utterances
        The ids of the utterances.
    """

    right: tuple[str, ...]
    utterances: tuple[str, ...]

    @property
    def words(self) -> str:
        """The modalities as words: ``text and audio``, or ``none``."""
        return " and ".join(self.right) or "none"


@dataclass(frozen=True)
class Errors:
    """What the page tells about the errors of the best fusion, or of the best single modality.

    Attributes
    ----------
    title, sentence
        The heading, and a sentence on how many utterances are wrong and with which models the row is compared.
    cases
        The errors by the modalities whose models are right, the most frequent case first; empty if nothing was fused.
    remarks
        Sentences on classes, on models that make the same error, on missing modalities, on groups and on training.
    """

    title: str
    sentence: str
    cases: tuple[Case, ...] = ()
    remarks: tuple[str, ...] = ()


def errors_of(
    scores: Scores,
    parts: Mapping[Configuration, pd.DataFrame],
    corpus: CorpusParams,
    presence: pd.DataFrame | None,
    groups: pd.Series,
) -> Errors | None:
    """Return the errors of the best fusion, or of the best single modality if no fusion has a defined metric.

    Return None if neither has one.

    Parameters
    ----------
    scores
        The scores of the corpus.
    parts
        The predictions of each configuration.
    corpus
        The settings of the corpus. A predicted score is right if it is within 0.5 of the truth.
    presence
        The column utterance, and one column for each modality, with 1 where models had it; None if that is unknown.
    groups
        The group of each utterance, indexed by utterance; its name says what a group is, such as ``speaker``.
    """
    judged = scores.best_fusion or scores.best_unimodal
    if judged is None:
        return None
    task, part = corpus.task, parts[judged.configuration].set_index("utterance")
    wrong = ~_right(part, task)
    kind = "fusion" if judged.is_fusion else "single modality"
    title = f"Where the {scores.top} {kind} is wrong"
    sentence = f"{judged.configuration} is wrong on {int(wrong.sum())} of {counted(len(part), 'utterance')}."
    if not wrong.any():
        return Errors(title, sentence)
    beside = alone_of(judged, scores)
    sentence += _compared(beside, scores.top)
    singles = {
        row.configuration.modalities[0]: parts[row.configuration].set_index("utterance").loc[part.index]
        for row in beside.rows
    }
    read = judged.configuration.modalities
    remarks = [
        *(_classes(part) if task == "classification" else [_directions(part[wrong])]),
        _repeated(part[wrong], {name: one[wrong] for name, one in singles.items()}, task),
        _confidence(part, wrong),
        *_without(part.index, wrong, presence, read),
        _groups(groups.loc[part.index], wrong),
        _smallest_training(part, wrong, corpus, len(groups)),
    ]
    return Errors(title, sentence, _cases(part.index[wrong], singles, task), tuple(filter(None, remarks)))


def _compared(beside: Alone, top: str) -> str:
    """Name the models with which a fusion is compared; an empty text without any."""
    if not beside.rows:
        return ""
    what = "models that it combines" if beside.combined else f"{top} models of its modalities alone"
    return f" The {what}: {', '.join(row.configuration.display for row in beside.rows)}."


def _right(part: pd.DataFrame, task: Task) -> Mask:
    return right(part["truth"].to_numpy(), part["prediction"].to_numpy(), task)


def _cases(wrong: pd.Index, singles: Mapping[str, pd.DataFrame], task: Task) -> tuple[Case, ...]:
    if not singles:
        return ()
    correct = {name: _right(singles[name].loc[wrong], task) for name in MODALITIES if name in singles}
    found: dict[tuple[str, ...], list[str]] = {}
    for i, utterance in enumerate(wrong):
        found.setdefault(tuple(name for name, own in correct.items() if own[i]), []).append(utterance)
    return tuple(Case(names, tuple(ids)) for names, ids in sorted(found.items(), key=lambda one: -len(one[1])))


def _classes(part: pd.DataFrame) -> Iterator[str]:
    """Name the most frequent pairs of a true and a predicted class, and say how often each class is predicted."""
    wrong = part[part["truth"] != part["prediction"]]
    pairs = Counter(zip(wrong["truth"], wrong["prediction"], strict=True)).most_common()
    named = [f"{truth} predicted as {predicted} ({count})" for (truth, predicted), count in pairs[:PAIRS]]
    others = len(wrong) - sum(count for _, count in pairs[:PAIRS])
    yield f"Confusions: {', '.join(named)}{f', others ({others})' if others else ''}."
    truth, predicted = Counter(part["truth"]), Counter(part["prediction"])
    if len(truth | predicted) <= CLASSES:
        named = [f"{name}: {predicted[name]} ({truth[name]})" for name in sorted(truth | predicted)]
        yield f"Predictions of each class (and how many utterances belong to it): {', '.join(named)}."


def _directions(wrong: pd.DataFrame) -> str:
    """Say how many wrong scores are too high or too low, and by how much on average."""
    error = wrong["prediction"].to_numpy(np.float64) - wrong["truth"].to_numpy(np.float64)
    sides = (("too high", error[error > 0]), ("too low", -error[error < 0]))
    named = [f"{len(x)} {side} (by {x.mean():.2f} on average)" for side, x in sides if len(x)]
    return f"{', '.join(named)}." if named else ""


def _repeated(wrong: pd.DataFrame, singles: Mapping[str, pd.DataFrame], task: Task) -> str:
    """Say how often each of the models of single modalities makes the same error."""
    if not singles:
        return ""
    predicted, truth = wrong["prediction"].to_numpy(), wrong["truth"].to_numpy()
    if task == "classification":
        same = {name: one["prediction"].to_numpy() == predicted for name, one in singles.items()}
    else:
        side = np.sign(predicted - truth)
        same = {
            name: ~_right(one, task) & (np.sign(one["prediction"].to_numpy() - truth) == side)
            for name, one in singles.items()
        }
    what = "The same wrong class" if task == "classification" else "A wrong score on the same side of the truth"
    counts = sorted(((int(own.sum()), name) for name, own in same.items() if own.any()), reverse=True)
    named = ", by that of ".join(f"{name} in {count}" for count, name in counts)
    return f"{what} is predicted by the model of {named}." if named else ""


def _confidence(part: pd.DataFrame, wrong: Mask) -> str:
    """Compare the mean probability of the predicted class where it is wrong and where it is right."""
    places = part.columns.get_indexer(PROBABILITY + part["prediction"].astype(str))
    if (places < 0).any() or wrong.all():
        return ""
    own = part.to_numpy(object)[np.arange(len(part)), places].astype(np.float64)
    if not np.isfinite(own).all():
        return ""
    return (
        f"Mean probability of the predicted class: {100 * own[wrong].mean():.0f} % where it is wrong, "
        f"{100 * own[~wrong].mean():.0f} % where it is right."
    )


def _without(
    utterances: pd.Index, wrong: Mask, presence: pd.DataFrame | None, modalities: Sequence[str]
) -> Iterator[str]:
    """For each modality, compare the utterances that lack it with those that have it."""
    if presence is None:
        return
    known = presence.set_index("utterance").loc[utterances]
    for modality in (name for name in modalities if name in known):
        lacks = known[modality].to_numpy() == 0
        if lacks.any() and not lacks.all():
            yield (
                f"Wrong on {int(wrong[lacks].sum())} of {counted(int(lacks.sum()), 'utterance')} without {modality}, "
                f"and on {int(wrong[~lacks].sum())} of {int((~lacks).sum())} with it."
            )


def _groups(groups: pd.Series, wrong: Mask) -> str:
    """Name the groups with the most errors; an empty text with a single group, or if each utterance is a group."""
    sizes, errors = Counter(groups), Counter(groups[wrong]).most_common()
    if len(sizes) in (1, len(groups)):
        return ""
    named = [f"{group} ({count} of {sizes[group]} wrong)" for group, count in errors[:NAMED]]
    others = len(sizes) - len(named)
    opening = f"Errors by {groups.name}: {', '.join(named)}"
    if not others:
        return f"{opening}."
    rest, left = sum(count for _, count in errors[NAMED:]), len(groups) - sum(sizes[one] for one, _ in errors[:NAMED])
    return f"{opening}; {'the other one' if others == 1 else f'the other {others} together'}: {rest} of {left} wrong."


def _smallest_training(part: pd.DataFrame, wrong: Mask, corpus: CorpusParams, utterances: int) -> str:
    """Compare the largest fold with the others, if its models learn from less than half of the utterances.

    Nothing is compared where some of the corpus's utterances are not tested, since models may have learned from them.
    """
    if PROTOCOLS[corpus.protocol.kind].needs_splits or len(part) < utterances:
        return ""
    sizes = part["fold"].value_counts()
    tested = (part["fold"] == sizes.index[0]).to_numpy()
    learnt = part["truth"][~tested]
    if not 0 < 2 * len(learnt) < len(part):
        return ""
    classes = Counter(learnt).most_common() if corpus.task == "classification" else []
    of = f" ({', '.join(f'{name}: {count}' for name, count in classes)})" if 0 < len(classes) <= CLASSES else ""
    few = f"{int(wrong[tested].sum())} of {int(tested.sum())}"
    others = f"{int(wrong[~tested].sum())} of {len(learnt)}"
    whose = f"Models that learned from only {counted(len(learnt), 'utterance')}{of}"
    return f"{whose} are wrong on {few}; the others, on {others}."
