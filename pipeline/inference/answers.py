"""What a model said of clips, for people, for machines, and as a table."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

import pandas as pd

from pipeline.foreign import one_line


@dataclass(frozen=True)
class Answer:
    """What a model said of one utterance.

    Attributes
    ----------
    utterance
        Its name.
    prediction
        The class, or the score.
    probabilities
        Of all classes; empty for a score.
    prior
        The class's share in training, or the mean score: the answer where nothing is known.
    shares
        Modality -> what it added to the probability of the class (to the score): with the prior they sum to it.
    absent
        Modality that the utterance lacks -> why.
    """

    utterance: str
    prediction: str | float
    probabilities: Mapping[str, float]
    prior: float
    shares: Mapping[str, float]
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The probability of the class that is predicted, or the score."""
        return self.probabilities[self.prediction] if isinstance(self.prediction, str) else self.prediction


@dataclass(frozen=True)
class Answers:
    """What a model said of clips.

    Attributes
    ----------
    model
        Its folder.
    answers
        One an utterance that could be measured.
    failed
        Utterance that could not -> why.
    notices
        What may make numbers differ from those of training.
    """

    model: str
    answers: tuple[Answer, ...]
    failed: Mapping[str, str]
    notices: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        r"""Yield the answers for people.

        Examples
        --------
        >>> shares = {"text": 0.0, "audio": 0.4, "video": -0.1}
        >>> said = Answer("a", "sad", {"glad": 0.2, "sad": 0.8}, 0.5, shares, {"text": "no transcript"})
        >>> print(*Answers("m", (said,), {}).lines(), sep="\n")
        a: sad (glad 0.200, sad 0.800)
          0.500 without looking, audio +0.400, video -0.100
          text is absent: no transcript
        """
        for answer in self.answers:
            classes = ", ".join(f"{one_line(name, None)} {p:.3f}" for name, p in answer.probabilities.items())
            said = (
                one_line(answer.prediction, None) if isinstance(answer.prediction, str) else f"{answer.prediction:.3f}"
            )
            yield f"{one_line(answer.utterance, None)}: {said}" + (f" ({classes})" if classes else "")
            shares = (f"{m} {share:+.3f}" for m, share in answer.shares.items() if m not in answer.absent)
            yield "  " + ", ".join([f"{answer.prior:.3f} without looking", *shares])
            yield from (f"  {modality} is absent: {one_line(why, None)}" for modality, why in answer.absent.items())

    def json(self) -> str:
        """Return the answers as JSON."""
        return json.dumps(asdict(self), indent=1)

    def table(self) -> pd.DataFrame:
        """Return a row an utterance: prediction, ``p_<class>`` or ``score``, ``prior``, ``share_<modality>``."""
        return pd.DataFrame([_cells(answer) for answer in self.answers])


def _cells(answer: Answer) -> dict[str, str | float]:
    told = {f"p_{one_line(name, None)}": p for name, p in answer.probabilities.items()} or {"score": answer.value}
    shares = {f"share_{m}": share for m, share in answer.shares.items()}
    said = one_line(answer.prediction, None) if isinstance(answer.prediction, str) else answer.prediction
    return {"utterance": one_line(answer.utterance, None), "prediction": said, **told, "prior": answer.prior, **shares}
