"""The results of a corpus, and a model fitted on all its utterances."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.corpora.utterances import read_table
from pipeline.evaluation.answer import Answer, read_answer, sentences
from pipeline.inference.fit import fit as fit_configuration
from pipeline.inference.fit import requested_configuration
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import require_evaluated

if TYPE_CHECKING:
    import pandas as pd


def table(params: Params, name: str) -> "pd.DataFrame":
    """Return a corpus's table.csv; raise `UserError` if it is missing or out of date."""
    require_evaluated(params, name)
    return read_table(CorpusPaths(name).results / "table.csv")


@dataclass(frozen=True, repr=False)
class Answered:
    """Whether fusion helps, by how much, and how certain that is; a notebook shows it as sentences.

    Attributes
    ----------
    facts
        The numbers behind the sentences, as in results/<corpus>/answer.json.
    sentences
        The verdict, then what each modality adds, what is missing, and what else to keep in mind.
    """

    facts: Answer
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences)


def answer(params: Params, name: str) -> Answered:
    """Return the answer that `evaluate` wrote; raise `UserError` if it is missing or out of date."""
    require_evaluated(params, name)
    found = read_answer(name)
    return Answered(found, tuple(sentences(found)))


def fit(params: Params, name: str, strategy: str | None, modalities: Sequence[str], model: str | None) -> Path:
    """Fit a configuration on all labelled utterances of a corpus and save it; return the path of the saved model.

    The path is absolute.

    Raises
    ------
    UserError
        If a name is unknown, if modalities or a model are given without a strategy, or if features are missing or out
        of date.
    ModelError
        If the configuration cannot be fitted or saved.
    """
    one = requested_configuration(params, name, strategy, tuple(modalities), model)
    return fit_configuration(params, name, one, remark=lambda notice: warnings.warn(notice, stacklevel=2)).absolute()
