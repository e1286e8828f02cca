"""What each block of params.yaml may hold, as frozen dataclasses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from features.base import MODALITIES, Modality
from pipeline.settings.streams import StreamsParams
from pipeline.settings.validation import Block, Listed

Task = Literal["classification", "regression"]

EARLY = ("concat", "pca", "autoencoder", "cca")  # these take a classifier

FUSIONS = (
    *(f"concat/{c}" for c in ("logistic", "linear_svm", "svm", "random_forest", "xgboost", "fcnn", "lstm")),
    *(f"{reducer}/{c}" for reducer in EARLY[1:] for c in ("logistic", "fcnn", "lstm")),
    *("vote", "weighted", "product", "stacking"),
    *("intermediate", "transformer", "modality_attention", "cross_attention", "self_attention"),
)

ByModality = Annotated[
    Mapping[str, Listed[str]], Field(json_schema_extra={"propertyNames": {"enum": list(MODALITIES)}})
]

Kind = str  # a protocol's name; models.validation.protocol knows them

MIN_STEP_S = 0.001

MOST_NEIGHBOURS = 1000


@dataclass(frozen=True)
class RunParams:
    """How a run is carried out; nothing here changes a result.

    Attributes
    ----------
    corpora
        Corpora that `dvc repro` runs.
    workers
        Worker processes; ``auto`` is one a core.
    max_failed
        Share of clips that may fail before a stage exits with an error.
    plugins
        Python files or modules that register corpora, extractors, strategies or metrics of your own.
    """

    corpora: Listed[str] = ()
    workers: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    max_failed: Annotated[float, Field(ge=0, le=1)] = 0.01
    plugins: Listed[str] = ()


@dataclass(frozen=True)
class ProtocolParams:
    """How a corpus is split: ``official``, ``crossfit``, ``group-kfold``, ``leave-one-group-out``.

    `group` is the column whose values are kept whole; `folds` those of ``group-kfold`` and ``crossfit``.
    """

    kind: Kind
    folds: int = 5
    group: str = "group"


@dataclass(frozen=True)
class ContextParams:
    """Which neighbours in its dialogue an utterance is read with; none by default.

    Attributes
    ----------
    before
        How many previous utterances.
    after
        How many following ones: these are the future, which a live system does not know.
    by
        The column whose equal values are one dialogue, as in ``group`` or ``recording``; never read across it.
    """

    before: Annotated[int, Field(ge=0)] = 0
    after: Annotated[int, Field(ge=0)] = 0
    by: str = "group"

    def __post_init__(self) -> None:
        if self.before + self.after > MOST_NEIGHBOURS:
            raise ValueError(
                f"before ({self.before}) and after ({self.after}) are more than {MOST_NEIGHBOURS} together"
            )

    @property
    def used(self) -> bool:
        """Whether any neighbour is read."""
        return self.before + self.after > 0


@dataclass(frozen=True)
class SequenceParams:
    """How the rows of a modality's extractors become its steps over time.

    Attributes
    ----------
    align
        ``none``: text has a step a word, audio and video one a window; ``word``: all have a step a timed word.
    step_s
        Length of a window, seconds.
    """

    align: Literal["none", "word"] = "none"
    step_s: Annotated[float, Field(ge=MIN_STEP_S)] = 0.2


Normalise = Literal["standard", "quantile", "speaker"]


@dataclass(frozen=True)
class CorpusParams:
    """One corpus: where it is, what is predicted, from what, and how it is judged.

    Attributes
    ----------
    reader, root
        How its folder is read, and where that is.
    task, label
        What is predicted: classes or a score, from which label column.
    modalities
        What is used of it.
    protocol
        How it is split.
    note
        A sentence to be printed under its table.
    metrics
        The figures of its table, the leading one first; all of the task where none is named.
    features
        What each modality is made of in this corpus, where that is not what `train.features` says; imported features
        are named here.
    classifiers
        Classifiers of its single modalities, where those are not what `train.classifiers` says.
    normalise, context, sequences
        Where these are not what `train` says.
    """

    reader: str
    root: str
    task: Task
    label: str
    modalities: Annotated[Listed[Modality], Field(min_length=1, json_schema_extra={"minItems": 1})]
    protocol: ProtocolParams
    note: str = ""
    metrics: Listed[str] = ()
    features: ByModality = field(default_factory=dict)
    classifiers: Listed[str] = ()
    normalise: Normalise | None = None
    context: ContextParams | None = None
    sequences: SequenceParams | None = None


SETTINGS = {"vote": {"voters": "chosen"}}  # of strategies that train.settings does not name


@dataclass(frozen=True)
class TrainParams:
    """What is fitted.

    Attributes
    ----------
    features
        Per modality, the extractors (and `tfidf`, `word2vec`, fitted inside folds) whose features it sees.
    tfidf, word2vec
        Settings of the two text transformers.
    classifiers
        Classifiers of the single modalities.
    singles
        Further models of one modality, each fitted whole inside its fold.
    fusions
        Fusion strategies; an early one may name its classifier after a slash, as in ``pca/lstm``.
    fusion_classifier
        Classifier on top of the early fusions that name none, and under the late ones.
    settings
        Settings of classifiers and strategies by name; a list is a choice made on inner folds.
    budget
        How many settings every strategy may try on inner folds; a longer list is thinned evenly.
    normalise
        ``standard`` or ``quantile``: learnt on training rows. ``speaker``: each speaker's features are first brought to
        mean 0 and deviation 1 over all of that speaker's own utterances, which needs no label, but the test recordings.
    sequences
        How models over time see the rows of extractors.
    context
        Which neighbours in a dialogue are seen.
    """

    features: ByModality = field(
        default_factory=lambda: {
            "text": ("bert", "vader", "tfidf"),
            "audio": ("opensmile", "mfcc", "prosody"),
            "video": ("face_cnn", "landmarks", "posture"),
        }
    )
    tfidf: Mapping[str, Any] = field(default_factory=dict)
    word2vec: Mapping[str, Any] = field(default_factory=dict)
    classifiers: Listed[str] = ("logistic", "linear_svm", "svm", "random_forest", "xgboost", "fcnn", "lstm")
    singles: Listed[str] = ("spectrogram_cnn",)
    fusions: Listed[str] = FUSIONS
    fusion_classifier: str = "logistic"
    settings: Block[Mapping[str, Block[Mapping[str, Any]]]] = field(default_factory=lambda: dict(SETTINGS))
    budget: Annotated[int, Field(ge=1)] = 3
    normalise: Normalise = "standard"
    sequences: SequenceParams = field(default_factory=SequenceParams)
    context: ContextParams = field(default_factory=ContextParams)


@dataclass(frozen=True)
class EvaluateParams:
    """Bootstrap of the table: how many `resamples` of the groups, drawn from which `seed`."""

    resamples: Annotated[int, Field(ge=0)] = 1000
    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class SettingsFile:
    """The blocks of params.yaml.

    Attributes
    ----------
    run
        How a run is carried out.
    corpora
        The corpora by name.
    streams
        How the streams of each modality are cleaned.
    features
        Which extractors run (``extract``), and the settings of each extractor by its name.
    train
        What is fitted.
    evaluate
        How the table is scored.
    """

    run: Block[RunParams] = field(default_factory=RunParams)
    corpora: Block[Mapping[str, CorpusParams]] = field(default_factory=dict)
    streams: Block[StreamsParams] = field(default_factory=StreamsParams)
    features: Block[Mapping[str, Any]] = field(default_factory=dict)
    train: Block[TrainParams] = field(default_factory=TrainParams)
    evaluate: Block[EvaluateParams] = field(default_factory=EvaluateParams)
