"""Models of a single modality, which show how well words, voice or face predict by themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.classical.tabular import Tabular
from models.data.design import Design, FoldTransformers, OneModality
from models.data.modalities import Task


class Unimodal(Tabular):
    """A classifier on one modality, fitted on the utterances that have it; other utterances get the training prior.

    Parameters
    ----------
    modality
        The modality to read.
    classifier
        Name of the classifier in `models.classical.classifiers`.
    task
        ``classification`` or ``regression``.
    classes
        All classes; by default those in the training labels.
    fitted
        For each modality, named scikit-learn transformers of raw transcripts (TF-IDF, word2vec), which are fitted
        inside the fold.
    settings
        Settings of the classifier; inner folds choose among the values of a list.
    extractor
        The only extractor or transformer whose features are read; all by default.
    normalise
        Scaler of columns, ``standard`` or ``quantile``, which is fitted inside the fold.
    budget
        Maximum number of combinations of settings to try; all by default.

    Examples
    --------
    >>> import numpy as np
    >>> from models.data.modalities import Modalities
    >>> loud = np.array([[-2.0], [-1.5], [1.0], [2.0]], np.float32)
    >>> x = Modalities({"audio": loud}, {"audio": np.full(4, True)}, np.full(4, None), np.array([1, 2, 1, 2]))
    >>> model = Unimodal("audio", "logistic", task="classification").fit(x, ["calm", "calm", "angry", "angry"])
    >>> model.predict(x).tolist()
    ['calm', 'calm', 'angry', 'angry']
    """

    _keeps_out_of_fold = True

    def __init__(
        self,
        modality: str,
        classifier: str = "logistic",
        *,
        task: Task = "classification",
        classes: Sequence[Any] | None = None,
        fitted: FoldTransformers | None = None,
        settings: Mapping[str, Any] | None = None,
        extractor: str = "",
        normalise: str = "standard",
        budget: int | None = None,
    ) -> None:
        self.modality = modality
        self.classifier = classifier
        self.task = task
        self.classes = classes
        self.fitted = fitted
        self.settings = settings
        self.extractor = extractor
        self.normalise = normalise
        self.budget = budget

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities that are read."""
        return (self.modality,)

    def _design(self) -> Design:
        return OneModality(self.modality, self.fitted, self.extractor, self.normalise)
