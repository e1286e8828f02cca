"""The blocks of params.yaml as frozen dataclasses; each field declares its allowed values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from features.base import MODALITIES, Modality
from models.registry import default_fusions, model_names, unimodal_model_names
from pipeline.settings.streams import StreamsParams, When
from pipeline.settings.validation import Block, Listed

Task = Literal["classification", "regression"]

ByModality = Annotated[
    Mapping[str, Listed[str]], Field(json_schema_extra={"propertyNames": {"enum": list(MODALITIES)}})
]

Kind = str  # name of a protocol, registered in models.validation.protocol

MIN_STEP_S = 0.001

MOST_NEIGHBOURS = 1000


@dataclass(frozen=True)
class RunParams:
    """How a run is carried out. Plugins can change results; a different device can change their last digits.

    Attributes
    ----------
    corpora
        Corpora that `dvc repro` runs.
    workers
        Number of worker processes; ``auto`` starts one per core.
    max_failed
        Share of clips that may fail before a stage exits with an error. One failed clip is always allowed, unless it is
        the only clip.
    plugins
        Your own Python files or modules, which register corpora, extractors, strategies or metrics.
    device
        Where pretrained encoders compute: ``cpu``, ``cuda``, ``cuda:N``, ``mps``, or ``auto`` for an accelerator if
        there is one.
    batch
        Number of faces, transcripts or windows of sound that an encoder reads at once on an accelerator. On the CPU it
        reads one at a time.
    """

    corpora: Listed[str] = ()
    workers: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    max_failed: Annotated[float, Field(ge=0, le=1)] = 0.01
    plugins: Listed[str] = ()
    device: str = "auto"
    batch: Annotated[int, Field(ge=1)] = 16

    def __post_init__(self) -> None:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", self.device):
            raise ValueError(f"device is {self.device!r:.200}: it must be auto, cpu, cuda, cuda:N or mps")


@dataclass(frozen=True)
class ProtocolParams:
    """How a corpus is split.

    Attributes
    ----------
    kind
        ``official``, ``crossfit``, ``group-kfold``, ``leave-one-group-out`` or ``leave-one-corpus-out``.
    folds
        Number of folds of ``group-kfold`` and ``crossfit``.
    group
        Column of the utterance table; utterances with the same value are never split between training and test.
    """

    kind: Kind
    folds: int = 5
    group: str = "group"


@dataclass(frozen=True)
class ContextParams:
    """Which other utterances of the same dialogue a model reads with each utterance.

    Attributes
    ----------
    before
        Number of previous utterances.
    after
        Number of following utterances, which a live system would not have yet.
    by
        Column of the utterance table; utterances with the same value form one dialogue.
    """

    before: Annotated[int, Field(ge=0)] = 0
    after: Annotated[int, Field(ge=0)] = 0
    by: str = "group"

    def __post_init__(self) -> None:
        if self.before + self.after > MOST_NEIGHBOURS:
            raise ValueError(f"before ({self.before}) plus after ({self.after}) must be at most {MOST_NEIGHBOURS}")

    @property
    def used(self) -> bool:
        """Whether a model reads any previous or following utterances."""
        return self.before + self.after > 0


@dataclass(frozen=True)
class SequenceParams:
    """How the rows of extractors become the time steps of models that read sequences.

    Attributes
    ----------
    align
        ``none``: text has one step per word, audio and video have one per window. ``word``: all have one step per
        timed word.
    step_s
        Length of a window in seconds.
    """

    align: Literal["none", "word"] = "none"
    step_s: Annotated[float, Field(ge=MIN_STEP_S)] = 0.2


Normalise = Literal["standard", "quantile", "speaker"]


@dataclass(frozen=True)
class CorpusParams:
    """One corpus: where it is, what is predicted from which modalities, and how predictions are evaluated.

    Attributes
    ----------
    reader
        How the folder is read: a name that `crossmodal corpora list` prints.
    root
        Folder of the corpus; for a union, data/raw/NAME, which `crossmodal add-corpus` makes.
    task
        What is predicted: a class (``classification``) or a score (``regression``).
    label
        Column of the labels; empty for a corpus without labels, which gets features but is not trained on.
    modalities
        Modalities that are used.
    protocol
        How the corpus is split.
    speakers_unknown
        If true, rows of the table of results may be called best although the same person may be in training and test.
        That can happen if speakers are not known, or if the protocol does not keep them apart.
    note
        A sentence that is printed under the table of results.
    metrics
        Metrics of the table, the most important one first; an empty list stands for all metrics of the task.
    features
        Features of each modality in this corpus, instead of those in `train.features`. Imported features are named
        here.
    classifiers
        Classifiers of single modalities in this corpus, instead of those in `train.classifiers`.
    normalise
        How features are normalised in this corpus, instead of `train.normalise`.
    context
        Which other utterances of the same dialogue are read with each utterance, instead of `train.context`.
    sequences
        How the rows of extractors become time steps, instead of `train.sequences`.
    transcribe, align
        Which utterances of this corpus are transcribed, and which get word times by forced alignment, instead of
        `streams.text.transcribe` and `streams.text.align`.
    of
        Only for the reader ``union``: the corpora of this file that are joined.
    labels
        Only for the reader ``union``: new names of labels, as in ``fearful: fear``; ``null`` leaves out the utterances
        with that label.
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
    transcribe: When | None = None
    align: When | None = None
    of: Listed[str] = ()
    labels: Mapping[str, str | None] = field(default_factory=dict)
    speakers_unknown: bool = False


@dataclass(frozen=True)
class TrainParams:
    """What is fitted.

    Attributes
    ----------
    features
        Features of each modality: names of extractors and, for text, `tfidf` and `word2vec`, which are fitted inside
        each fold.
    table
        Which rows the table has. ``full``: each modality with each of `classifiers`, and every set of two or more
        modalities with each of `fusions`. ``paper`` has fewer rows: each modality with logistic regression and boosted
        trees (or, without these, the first two classifiers), and each strategy once with text + audio and once with all
        three modalities (or with the two that the corpus has). Late fusion over extractors then has rows only if the
        corpus has a single modality.
    tfidf
        Settings of TF-IDF.
    word2vec
        Settings of word2vec; ``vectors: PATH`` names pretrained vectors.
    classifiers
        Classifiers of single modalities.
    unimodal_models
        Further models of a single modality; each is fitted as a whole inside each fold.
    fusions
        Fusion strategies. An early fusion may name its classifier after a slash, as in ``pca/lstm``. A late fusion has
        one base model per modality, or one per extractor if its name ends in ``@extractor``: ``product@extractor``.
    fusion_classifier
        Classifier of the early fusions that do not name one, and base classifier of the late fusions.
    settings
        Settings of classifiers and strategies, keyed by their names. A list holds alternatives; inner folds choose
        among them.
    budget
        Maximum number of combinations of settings that each strategy tries on inner folds. If there are more, evenly
        spaced ones are tried.
    normalise
        ``standard`` and ``quantile`` are learnt on training rows. ``speaker`` first scales the features of each speaker
        to mean 0 and standard deviation 1 over all utterances of that speaker; it needs no labels, but it reads the
        test recordings.
    sequences
        How the rows of extractors become time steps.
    context
        Which other utterances of the same dialogue are read with each utterance.
    """

    features: ByModality = field(
        default_factory=lambda: {
            "text": ("bert", "vader", "tfidf"),
            "audio": ("egemaps", "mfcc", "prosody", "speech_encoder"),
            "video": ("face_cnn", "landmarks", "posture"),
        }
    )
    table: Literal["paper", "full"] = "full"
    tfidf: Mapping[str, Any] = field(default_factory=dict)
    word2vec: Mapping[str, Any] = field(default_factory=dict)
    classifiers: Listed[str] = field(default_factory=model_names)
    unimodal_models: Listed[str] = field(default_factory=unimodal_model_names)
    fusions: Listed[str] = field(default_factory=default_fusions)
    fusion_classifier: str = "logistic"
    settings: Block[Mapping[str, Block[Mapping[str, Any]]]] = field(default_factory=dict)
    budget: Annotated[int, Field(ge=1)] = 3
    normalise: Normalise = "standard"
    sequences: SequenceParams = field(default_factory=SequenceParams)
    context: ContextParams = field(default_factory=ContextParams)


@dataclass(frozen=True)
class EvaluateParams:
    """How the table is scored.

    Attributes
    ----------
    resamples
        Number of bootstrap samples of the groups, from which the intervals are computed.
    seed
        Seed of the bootstrap, of the randomisation tests and of the random ablation of modalities.
    """

    resamples: Annotated[int, Field(ge=0)] = 1000
    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class ReportParams:
    """What the page shows.

    Attributes
    ----------
    clips
        Where the clips and pictures of faces are stored: ``inside`` the page, ``beside`` it in the folder report_files,
        or nowhere (``none``). ``auto`` stores them inside if there are at most 200 utterances and the clips and
        pictures take at most 5 MB, else beside.
    """

    clips: Literal["auto", "inside", "beside", "none"] = "auto"


@dataclass(frozen=True)
class SettingsFile:
    """The blocks of params.yaml.

    Attributes
    ----------
    run
        How a run is carried out. Plugins can change results; a different device can change their last digits.
    corpora
        The corpora, keyed by their names.
    streams
        How the streams of each modality are cleaned.
    features
        Which extractors run, and the settings of each. A block with a name of your own runs the extractor that its
        setting ``extractor`` names, so that one extractor can run several times with different settings.
    train
        What is fitted.
    evaluate
        How the table is scored.
    report
        What the page shows.
    """

    run: Block[RunParams] = field(default_factory=RunParams)
    corpora: Block[Mapping[str, CorpusParams]] = field(default_factory=dict)
    streams: Block[StreamsParams] = field(default_factory=StreamsParams)
    features: Block[Mapping[str, Any]] = field(default_factory=dict)
    train: Block[TrainParams] = field(default_factory=TrainParams)
    evaluate: Block[EvaluateParams] = field(default_factory=EvaluateParams)
    report: Block[ReportParams] = field(default_factory=ReportParams)
