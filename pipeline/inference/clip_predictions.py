"""A model's predictions for clips, as text, as JSON and as a table."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

import pandas as pd

from pipeline.foreign import one_line


@dataclass(frozen=True)
class ClipPrediction:
    """The prediction of a model for one utterance.

    Attributes
    ----------
    utterance
        The name of the utterance.
    prediction
        The predicted class or score.
    probabilities
        Probability of each class; empty for a score.
    prior
        The prediction without any modality: the share of the predicted class in training, or the mean score.
    shares
        What each modality adds to the probability of the predicted class, or to the score. The prior and all shares sum
        to that probability or score.
    absent
        Each modality that the utterance lacks -> the reason.
    """

    utterance: str
    prediction: str | float
    probabilities: Mapping[str, float]
    prior: float
    shares: Mapping[str, float]
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The probability of the predicted class, or the score."""
        return self.probabilities[self.prediction] if isinstance(self.prediction, str) else self.prediction


@dataclass(frozen=True)
class ClipPredictions:
    """The predictions of a model for clips.

    Attributes
    ----------
    model
        The folder of the model.
    answers
        The predictions, one for each utterance that could be predicted.
    failed
        Each other utterance -> the reason why it has no prediction.
    notices
        Sentences that the user should read, such as why numbers may differ from those of training.
    """

    model: str
    answers: tuple[ClipPrediction, ...]
    failed: Mapping[str, str]
    notices: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        r"""Yield the lines to print.

        Examples
        --------
        >>> shares = {"text": 0.0, "audio": 0.4, "video": -0.1}
        >>> one = ClipPrediction("a", "sad", {"glad": 0.2, "sad": 0.8}, 0.5, shares, {"text": "no transcript"})
        >>> print(*ClipPredictions("m", (one,), {}).lines(), sep="\n")
        a: sad (glad 0.200, sad 0.800)
          prior 0.500, audio +0.400, video -0.100
          text is absent: no transcript
        """
        for one in self.answers:
            classes = ", ".join(f"{one_line(name)} {p:.3f}" for name, p in one.probabilities.items())
            predicted = one_line(one.prediction) if isinstance(one.prediction, str) else f"{one.prediction:.3f}"
            yield f"{one_line(one.utterance)}: {predicted}" + (f" ({classes})" if classes else "")
            shares = (f"{m} {share:+.3f}" for m, share in one.shares.items() if m not in one.absent)
            yield "  " + ", ".join([f"prior {one.prior:.3f}", *shares])
            yield from (f"  {modality} is absent: {one_line(why)}" for modality, why in one.absent.items())

    def json(self) -> str:
        """Return the predictions as JSON."""
        return json.dumps(asdict(self), indent=1)

    def table(self) -> pd.DataFrame:
        """Return a row per answer: utterance, prediction, ``p_<class>`` or ``score``, prior, ``share_<modality>``."""
        return pd.DataFrame([_cells(one) for one in self.answers])


def _cells(one: ClipPrediction) -> dict[str, str | float]:
    outputs = {f"p_{one_line(name)}": p for name, p in one.probabilities.items()} or {"score": one.value}
    shares = {f"share_{m}": share for m, share in one.shares.items()}
    predicted = one_line(one.prediction) if isinstance(one.prediction, str) else one.prediction
    return {"utterance": one_line(one.utterance), "prediction": predicted, **outputs, "prior": one.prior, **shares}
