"""A corpus as `prepare` and `train` leave it, with predictions chosen by the test, and what `evaluate` makes of it."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from pipeline.corpora.utterances import COLUMNS, WORD_COLUMNS
from pipeline.evaluation.printing import printed, printed_robustness
from pipeline.reporting.tables import markdown
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.training.trained import inputs_of
from tests.conftest import bind

TRUTH = ["a", "a", "b", "b", "b", "b", "a", "a"]
SINGLE = ["a", "b", "b", "b", "a", "b", "a", "b"]  # 5 of 8
SURE = 0.7  # probability of every predicted class


def project(
    folder: Path,
    truth: list[object],
    predicted: dict[tuple[str, str, str], list[object]],
    task: str,
    one_group: bool = False,
) -> None:
    n = len(truth)
    table = pd.DataFrame({name: [""] * n for name in COLUMNS}).assign(
        utterance=[f"u{i}" for i in range(n)],
        speaker=[f"s{0 if one_group else i // 2}" for i in range(n)],
        start=0.0,
        end=1.0,
        label=truth,
    )
    (folder / "data/work/c").mkdir(parents=True)
    table.to_csv(folder / "data/work/c/utterances.csv", index=False)
    pd.DataFrame(columns=list(WORD_COLUMNS)).to_csv(folder / "data/work/c/words.csv", index=False)
    parts = []
    for (strategy, modalities, model), prediction in predicted.items():
        part = pd.DataFrame(
            {"utterance": table["utterance"], "strategy": strategy, "modalities": modalities, "model": model}
        )
        part = part.assign(fold="1", truth=truth, prediction=prediction)
        for one in sorted(set(map(str, truth))) if task == "classification" else ():
            others = (1 - SURE) / (len(set(truth)) - 1) if len(set(truth)) > 1 else 0.0
            part[f"p_{one}"] = np.where(part["prediction"].astype(str) == one, SURE, others)
        parts.append(part)
    (folder / "results/c").mkdir(parents=True)
    pd.concat(parts).to_csv(folder / "results/c/predictions.csv", index=False)
    corpus = {
        "reader": "manifest",
        "root": "c",
        "task": task,
        "label": "label",
        "modalities": ["text", "audio"],
        "note": "A note.",
    }
    corpus["protocol"] = {"kind": "group-kfold", "folds": 2, "group": "speaker"}
    blocks = {"corpora": {"c": corpus}, "evaluate": {"resamples": 300, "seed": 1}}
    blocks["train"] = {"features": {"text": ["tfidf"]}}
    (folder / "params.yaml").write_text(yaml.safe_dump(blocks))
    trained(folder)


def trained(
    folder: Path, notices: Sequence[str] = ("look here",), normalise: str = "standard", speakers: str = ""
) -> None:
    """Bind the files as `prepare` and `train` do after writing them."""
    bind(folder / "data/work/c")
    inputs = inputs_of(load_params(folder / "params.yaml"), "c")
    said = {"notices": list(notices), "normalise": normalise, "speakers": speakers}
    bind(folder / "results/c", "train.json", inputs=inputs, fits=[], **said)


def beside(folder: Path, without: object) -> None:
    """Write the other files of `train`; a fusion with an ablated modality always predicts `without`."""
    results = folder / "results/c"
    predictions = pd.read_csv(results / "predictions.csv", keep_default_na=False)
    who = ["strategy", "modalities", "model"]
    parts = []
    for (_, modalities, _), part in predictions.groupby(who, sort=False):
        names = modalities.split("+")
        for size in range(1, len(names) + 1) if len(names) > 1 else ():
            for taken in combinations(names, size):
                parts.append(part[["utterance", *who]].assign(dropped="+".join(taken), prediction=without))
    pd.concat(parts).to_csv(results / "dropped.csv", index=False)
    utterances = predictions["utterance"].unique()
    audio = [i % 4 != 3 for i in range(len(utterances))]
    presence = pd.DataFrame({"utterance": utterances, "text": 1, "audio": np.array(audio, int)})
    presence.to_csv(results / "presence.csv", index=False)
    rows = predictions[who].drop_duplicates()
    rows.assign(parameters=range(len(rows))).to_csv(results / "parameters.csv", index=False)
    fits = [
        rows.assign(fold=f, fit_s=s, predict_s=0.5, parameters=1, settings="{}") for f, s in (("1", 1.0), ("2", 2.0))
    ]
    pd.concat(fits).to_csv(results / "fits.csv", index=False)
    trained(folder)


def again(folder: Path) -> None:
    evaluate(load_params(folder / "params.yaml"), "c")


def shown(folder: Path) -> str:
    """Return the table as the terminal shows it."""
    return markdown(printed(load_params(folder / "params.yaml"), "c"))


def robust(folder: Path) -> str:
    """Return the page on missing modalities as the terminal shows it."""
    return markdown(printed_robustness(load_params(folder / "params.yaml"), "c"))


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "results/c" / name, keep_default_na=False)


def value(table: pd.DataFrame, strategy: str, metric: str) -> pd.Series:
    found = table[(table["strategy"] == strategy) & (table["metric"] == metric)]
    assert len(found) == 1
    return found.iloc[0]
