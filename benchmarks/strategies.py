"""Measure training at the size of CMU-MOSI: classical strategies, all, and a strategy added to a finished run."""

import csv
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.tools.table import table
from benchmarks.tools.watch import Watched, crossmodal

NAME = "bench"
UTTERANCES, VIDEOS, TESTED = 1837, 78, 16
WIDTHS = {"text": 100, "audio": 73, "video": 100}
WORDS = ("fine", "good", "great", "bad", "poor", "awful", "film", "plot", "it", "was", "so", "the")
CLASSIFIERS = ("logistic", "svm", "random_forest", "xgboost", "fcnn")
CLASSICAL = (
    *(f"concat/{classifier}" for classifier in CLASSIFIERS),
    *(f"{reducer}/{classifier}" for reducer in ("pca", "cca") for classifier in ("logistic", "fcnn")),
    *("vote", "weighted", "product", "stacking"),
)
NEURAL = (
    *("autoencoder/logistic", "autoencoder/fcnn", "concat/lstm", "pca/lstm", "autoencoder/lstm", "cca/lstm"),
    *("intermediate", "transformer", "modality_attention", "cross_attention", "self_attention"),
)
ADDED = "pca/fcnn"
CLASSICAL_S, ALL_S = 60, 720  # target times on two cores


def run(*, quick: bool) -> Iterator[str]:
    """Yield the paragraphs of the report. If `quick`, only the classical strategies are measured."""
    yield "## Strategies at the size of CMU-MOSI"
    with TemporaryDirectory() as name:
        folder = Path(name)
        _make(folder)
        classical = _train(folder, CLASSIFIERS, CLASSICAL)
        again = _train(folder, CLASSIFIERS, CLASSICAL)
        rows = [_row("classical strategies", folder, classical, again, CLASSICAL_S)]
        if not quick:
            shutil.rmtree(folder / "data" / "cache" / "fits")
            every = (*CLASSICAL, *NEURAL)
            first = _train(folder, (*CLASSIFIERS, "lstm"), [fusion for fusion in every if fusion != ADDED])
            rows.append(_row(f"all strategies but {ADDED}", folder, first, again, ALL_S))
            added = _train(folder, (*CLASSIFIERS, "lstm"), every)
            rows.append(_row(f"{ADDED} added to these", folder, added, again, None))
        header = ["what is fitted", "rows", "s", "s beyond start-up", "target, s", "others, cores"]
        yield table(header, rows)
        yield (
            f"{UTTERANCES} synthetic utterances in three modalities of {', '.join(map(str, WIDTHS.values()))} columns, "
            f"one division into {VIDEOS - TESTED} and {TESTED} videos, 2 workers, searches included. Start-up is "
            f"the first run repeated with nothing left to fit: {again.wall_s:.1f} s."
        )
        if not quick:
            yield _alone(folder, added, again)


def _make(folder: Path) -> None:
    """Write features in which each modality is weakly related to the class, and import them as a corpus."""
    rng = np.random.default_rng(0)
    videos = np.sort(rng.integers(0, VIDEOS, UTTERANCES))
    truth = rng.integers(0, 2, UTTERANCES)
    arrays = {
        modality: (rng.normal(size=(UTTERANCES, width)) + 0.15 * np.outer(truth, rng.normal(size=width))).astype("f4")
        for modality, width in WIDTHS.items()
    }
    np.savez(
        folder / "features.npz",
        id=np.array([f"u{i:04}" for i in range(UTTERANCES)]),
        group=np.array([f"v{v:02}" for v in videos]),
        split=np.where(videos < VIDEOS - TESTED, "train", "test"),
        words=np.array([" ".join(rng.choice(WORDS, 12)) for _ in range(UTTERANCES)]),
        label=np.array(["negative", "positive"])[truth],
        **arrays,
    )
    (folder / "params.yaml").write_text("run: {corpora: []}\ncorpora: {}\n")
    names = ("--id", "id", "--group", "group", "--split", "split", "--text", "words", "--label", "label")
    given = [part for modality in WIDTHS for part in ("--array", f"{modality}={modality}")]
    crossmodal(folder, "import", "npz", "features.npz", "--corpus", NAME, *names, *given, "--task", "classification")
    crossmodal(folder, "prepare", "--corpus", NAME)
    shutil.copy(folder / "params.yaml", folder / "imported.yaml")


def _train(folder: Path, classifiers: Sequence[str], fusions: Sequence[str]) -> Watched:
    train = (
        f"train: {{classifiers: [{', '.join(classifiers)}], unimodal_models: [], fusions: [{', '.join(fusions)}]}}\n"
    )
    (folder / "params.yaml").write_text((folder / "imported.yaml").read_text() + train)
    return crossmodal(folder, "train", "--corpus", NAME, "--workers", "2")


def _row(name: str, folder: Path, seen: Watched, again: Watched, aim: int | None) -> tuple[object, ...]:
    rows = len({(fit["strategy"], fit["modalities"], fit["model"]) for fit in _fits(folder)})
    return name, rows, seen.wall_s, seen.wall_s - again.wall_s, aim, seen.others


def _alone(folder: Path, added: Watched, again: Watched) -> str:
    strategy, _, model = ADDED.partition("/")
    own = [fit for fit in _fits(folder) if (fit["strategy"], fit["model"]) == (strategy, model)]
    seconds = sum(float(fit["fit_s"]) + float(fit["predict_s"]) for fit in own)
    return (
        f"Fitting and predicting the {len(own)} rows of {ADDED} takes {seconds:.1f} s on one core. Beyond start-up, "
        f"the run that added them took {(added.wall_s - again.wall_s) / seconds:.2f} times as long."
    )


def _fits(folder: Path) -> list[dict[str, str]]:
    with (folder / "results" / NAME / "fits.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
