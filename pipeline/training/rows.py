"""The rows of a corpus's table: which strategy, on which modalities, with which classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from models.registry import strategy, strategy_names
from pipeline.errors import UserError, suggest
from pipeline.settings.blocks import TrainParams

WITHIN = "product"  # the fusion that also joins the extractors of one modality


@dataclass(frozen=True)
class Row:
    """One row of the table: a strategy over modalities with a classifier."""

    strategy: str
    modalities: tuple[str, ...] = ()
    model: str = ""

    @property
    def names(self) -> tuple[str, str, str]:
        """Strategy, modalities joined by ``+``, model: as the CSVs write them."""
        return self.strategy, "+".join(self.modalities), self.model

    def called(self, *, scores: bool) -> tuple[str, str, str]:
        """As `names`; what is logistic regression for classes is called ridge regression for scores."""
        return self.strategy, "+".join(self.modalities), "ridge" if scores and self.model == "logistic" else self.model

    def __str__(self) -> str:
        return " ".join(part for part in self.names if part)


def plan_rows(settings: TrainParams, modalities: Sequence[str], *, spectrogram: bool = True) -> list[Row]:
    """Return the table's rows: floors, each modality with each classifier, each set of two or more with each fusion.

    A modality that several extractors describe has a row `product` too, of one model an extractor.

    Parameters
    ----------
    settings
        What is to be fitted.
    modalities
        Those that at least one utterance has.
    spectrogram
        Whether there are frames for `spectrogram_cnn` to read.

    Raises
    ------
    UserError
        If a fusion is unknown.

    Examples
    --------
    >>> settings = TrainParams(classifiers=("svm",), fusions=("vote", "pca/fcnn"), singles=())
    >>> [str(row) for row in plan_rows(settings, ("text", "audio"))][3:]
    ['unimodal audio svm', 'vote text+audio logistic', 'pca text+audio fcnn']
    """
    rows = [Row("majority")]
    if "text" in modalities:
        rows.append(Row("tfidf", ("text",), "logistic"))
    rows += [Row("unimodal", (m,), classifier) for m in modalities for classifier in settings.classifiers]
    rows += [Row(single, ("audio",)) for single in settings.singles if "audio" in modalities and spectrogram]
    several = [m for m in modalities if len(settings.features.get(m, ())) > 1]
    if WITHIN in settings.fusions:
        rows += [Row(WITHIN, (m,), settings.fusion_classifier) for m in several]
    for size in range(2, len(modalities) + 1):
        for chosen in combinations(modalities, size):
            rows += [_fusion(fusion, chosen, settings.fusion_classifier) for fusion in settings.fusions]
    return list(dict.fromkeys(rows))


def _fusion(fusion: str, modalities: tuple[str, ...], default: str) -> Row:
    name, _, model = fusion.partition("/")
    known = strategy_names("fusion")
    if name not in known:
        raise UserError(f"train.fusions: no strategy is named {name!r}; {suggest(name, known)}")
    return Row(name, modalities, (model or default) if strategy(name).classifier else "")
