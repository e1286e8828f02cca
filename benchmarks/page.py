"""Measure how long the page of a large corpus takes to make, how large it is, and how soon a browser shows it."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import pandas as pd
import yaml

CLASSES = ("anger", "joy", "neutral", "sadness")
MODELS = ("logistic", "xgboost")
FUSIONS = ("concat", "pca", "vote", "weighted", "product", "stacking", "transformer")
DRAWN = "document.querySelectorAll('.chart svg').length === document.querySelectorAll('.chart').length"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("utterances", type=click.IntRange(10), default=10_000)
def main(utterances: int) -> None:
    """Make the page of a corpus with made-up predictions for UTTERANCES utterances, and open it in Debian's chromium.

    Example: python -m benchmarks.page 10000
    """
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        made_s, path = _made(utterances)
        shown_s, drawn_s = _opened(path)
        megabytes = path.stat().st_size / 1e6
    click.echo(f"page of {utterances} utterances: made in {made_s:.1f} s, {megabytes:.1f} MB")
    click.echo(f"in the browser: shown after {shown_s:.2f} s, all charts drawn after {drawn_s:.2f} s")


def _made(utterances: int) -> tuple[float, Path]:
    """Write a trained corpus and evaluate it; return the seconds that making its page takes, and the page's path."""
    from pipeline.settings.params import load_params
    from pipeline.stages.evaluate import evaluate
    from pipeline.stages.report import report

    _write_corpus(utterances)
    params = load_params(Path("params.yaml"))
    evaluate(params, "c")
    start = time.perf_counter()
    path = report(params, "c")
    return time.perf_counter() - start, path


def _write_corpus(utterances: int) -> None:
    """Write settings, utterances and predictions as the stages before `evaluate` would write them."""
    from pipeline.corpora.utterances import COLUMNS, WORD_COLUMNS, write_tables
    from pipeline.settings.params import load_params
    from pipeline.tables.bound import TABLES, TRAINED
    from pipeline.training.trained import inputs_of

    random = np.random.default_rng(0)
    corpus = {"reader": "manifest", "root": "c", "task": "classification", "label": "label"}
    corpus |= {"modalities": ["text", "audio", "video"], "protocol": {"kind": "group-kfold", "group": "speaker"}}
    features = {"train": {"features": {"text": ["tfidf"]}}, "evaluate": {"resamples": 20}}
    Path("params.yaml").write_text(yaml.safe_dump({"corpora": {"c": corpus}, **features}))
    truth = random.choice(CLASSES, utterances)
    table = pd.DataFrame(dict.fromkeys(COLUMNS, ""), index=range(utterances)).assign(
        utterance=[f"clip-{i:05}" for i in range(utterances)],
        recording=[f"clip-{i:05}" for i in range(utterances)],
        text="and then I would say that the film was really about what people expected",
        speaker=[f"speaker-{i % 50}" for i in range(utterances)],
        start=0.0,
        end=3.0,
        label=truth,
    )
    write_tables(
        {"utterances.csv": table, "words.csv": pd.DataFrame(columns=list(WORD_COLUMNS))},
        Path("data/work/c"),
        TABLES,
        "crossmodal prepare --corpus c",
    )
    parts = [_predicted(table, truth, *names, random) for names in _configurations()]
    record = {"inputs": inputs_of(load_params(Path("params.yaml")), "c"), "normalise": "standard"}
    record |= {"notices": [], "fits": []}
    predictions = {"predictions.csv": pd.concat(parts)}
    write_tables(predictions, Path("results/c"), TRAINED, "crossmodal train --corpus c", record)


def _configurations() -> list[tuple[str, str, str]]:
    """Return about as many configurations as `crossmodal train` fits with the setting ``table: paper``."""
    single = [("unimodal", modality, model) for modality in ("text", "audio", "video") for model in MODELS]
    sets = ("text+audio", "text+audio+video")
    return [("majority", "", ""), *single, *((one, modalities, "logistic") for one in FUSIONS for modalities in sets)]


def _predicted(
    table: pd.DataFrame, truth: np.ndarray, strategy: str, modalities: str, model: str, random: np.random.Generator
) -> pd.DataFrame:
    right = random.random(len(table)) < 0.5 + 0.1 * len(modalities.split("+"))
    predicted = np.where(right, truth, random.choice(CLASSES, len(table)))
    model = "" if strategy == "transformer" else model
    part = pd.DataFrame({"utterance": table["utterance"], "strategy": strategy, "modalities": modalities})
    shares = {f"p_{one}": np.where(predicted == one, 0.7, 0.1) for one in CLASSES}
    return part.assign(model=model, fold="1", truth=truth, prediction=predicted, **shares)


def _opened(path: Path) -> tuple[float, float]:
    """Return the seconds until the page can be read, and until all its charts are drawn."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(offline=True).new_page()
        start = time.perf_counter()
        page.goto(path.resolve().as_uri())
        shown = time.perf_counter() - start
        page.wait_for_function(DRAWN)
        drawn = time.perf_counter() - start
        browser.close()
    return shown, drawn


if __name__ == "__main__":
    main()
