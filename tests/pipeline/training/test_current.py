"""Nothing that was made of something else is shown or used as current: whoever asks is told what to run."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import Changed
from pipeline.evaluation import outputs
from pipeline.evaluation.explain import explain
from pipeline.inference import fit as fitting
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import load_params
from pipeline.stages import evaluate as evaluating
from pipeline.stages.evaluate import evaluate
from pipeline.stages.extract import extract
from pipeline.stages.train import train
from tests.conftest import invoke, output_of, write_csv

SETTINGS: dict[str, Any] = {
    "run": {"corpora": ["c"], "workers": 1},
    "corpora": {
        "c": {
            "reader": "manifest",
            "root": "raw",
            "task": "classification",
            "label": "label",
            "modalities": ["text"],
            "protocol": {"kind": "group-kfold", "folds": 2, "group": "speaker"},
        }
    },
    "features": {"extract": ["vader"]},
    "train": {"features": {"text": ["vader"]}, "classifiers": ["logistic"], "unimodal_models": [], "fusions": []},
    "evaluate": {"resamples": 50},
}
WORDS = ("good", "bad", "fine", "awful", "nice", "sad")
OLD = {
    "answer": ("evaluate", "--show"),
    "all": ("evaluate", "--show", "--all"),
    "csv": ("evaluate", "--show", "--csv"),
    "json": ("evaluate", "--show", "--json"),
    "robustness": ("evaluate", "--show", "--robustness"),
}  # these show results that are out of date, and say so
SHOW = {
    "by": ("evaluate", "--show", "--by", "speaker"),
    "explain": ("explain", "--strategy", "unimodal:text", "--repeats", "1", "--workers", "0"),
    "report": ("report",),
}
TRAINED = {"drop": ("evaluate", "--show", "--drop", "text"), "rows": ("compare", "majority", "unimodal:text")}


def settings(*path: str, value: Any) -> None:
    """Write params.yaml with one setting changed."""
    blocks = yaml.safe_load(yaml.safe_dump(SETTINGS))
    place = blocks
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    Path("params.yaml").write_text(yaml.safe_dump(blocks))


def current(stage: str) -> str:
    """Return what `status` says of a stage."""
    return next(line for line in output_of("status").splitlines() if line.split()[1] == stage)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    rows = [(f"u{i}", f"{word} day", ("a", "b")[i % 2], f"s{i // 3}") for i, word in enumerate(WORDS * 3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_csv(Path("raw/manifest.csv"), ("utterance", "text", "label", "speaker"), rows)
        Path("params.yaml").write_text(yaml.safe_dump(SETTINGS))
        output_of("prepare")
        for command in ("preprocess", "extract", "train"):
            output_of(command, "--workers", "0")
        output_of("evaluate")
        output_of("report")
    return folder


def test_what_is_current_is_shown(here: Path) -> None:
    for command in (*OLD.values(), *SHOW.values(), *TRAINED.values()):
        output_of(*command)
    assert all(current(stage).split()[2] == "1/1" for stage in ("train", "evaluate", "report"))


# Settings whose change makes the predictions old, and the command that is named first.
STALE = {
    "a stream": (("streams", "text", "lowercase"), False, "preprocess --corpus c --modality text"),
    "training": (("train", "budget"), 2, "train --corpus c"),
    "the protocol": (("corpora", "c", "protocol", "folds"), 3, "train --corpus c"),
}


@pytest.mark.parametrize("who", [*SHOW, *TRAINED, "evaluate"])
@pytest.mark.parametrize("what", STALE)
def test_settings_that_changed_are_noticed_by_whoever_uses_the_predictions(what: str, who: str, here: Path) -> None:
    path, value, remedy = STALE[what]
    settings(*path, value=value)
    refused = invoke(*{**SHOW, **TRAINED, "evaluate": ("evaluate",)}[who])
    assert refused.exit_code == 1, refused.output
    assert f"`crossmodal {remedy}" in refused.output, refused.output


@pytest.mark.parametrize("what", [*STALE, "a metric"])
def test_old_results_are_shown_as_they_were_written_with_the_command_that_renews_them(what: str, here: Path) -> None:
    metric = (("corpora", "c", "metrics"), ["uar"], "evaluate --corpus c")
    path, value, remedy = (STALE | {"a metric": metric})[what]
    before = {who: output_of(*command) for who, command in OLD.items()}
    settings(*path, value=value)
    for who, command in OLD.items():
        now = output_of(*command)
        assert "ut of date" not in before[who].replace('"out_of_date": ""', "")
        assert f"`crossmodal {remedy}" in " ".join(now.split())
        if who == "json":
            was, shown = (json.loads(text)["corpora"]["c"] for text in (before[who], now))
            assert f"`crossmodal {remedy}" in shown["out_of_date"]
            assert shown | {"out_of_date": ""} == was
        else:
            assert "Out of date, shown as `evaluate` last wrote it: " in " ".join(now.split())
            figures = [line for line in before[who].splitlines() if re.search(r"\d\.\d", line)]
            assert figures or who == "robustness"  # there is one modality
            assert set(figures) <= set(now.splitlines()) or who == "all"  # table.md has more metrics
    (here / "results/c/table.csv").write_text("edited")
    assert "it was edited or damaged" in invoke(*OLD["csv"]).output


@pytest.mark.parametrize("who", SHOW)
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("corpora", "c", "metrics"), ["uar", "accuracy"]),
        (("corpora", "c", "metrics"), ["uar"]),
        (("corpora", "c", "note"), "Said under the table."),
        (("evaluate", "resamples"), 60),
        (("evaluate", "seed"), 3),
    ],
)
def test_settings_of_evaluation_ask_for_evaluate_alone(path: tuple[str, ...], value: Any, who: str, here: Path) -> None:
    settings(*path, value=value)
    refused = invoke(*SHOW[who])
    assert refused.exit_code == 1, refused.output
    assert "`crossmodal evaluate --corpus c`" in refused.output
    assert ".".join(path) in refused.output  # which setting
    assert current("train").split()[2] == "1/1"
    assert [current(stage).split()[2] for stage in ("evaluate", "report")] == ["0/1", "0/1"]
    for command in TRAINED.values():
        output_of(*command)
    output_of("evaluate")
    if who != "report":
        output_of(*SHOW[who])
    assert current("report").split()[2] == "0/1"  # the page is of the old table still
    output_of("report")
    assert current("report").split()[2] == "1/1"


@pytest.mark.parametrize("who", SHOW)
def test_new_predictions_without_a_new_table_are_noticed(who: str, here: Path) -> None:
    settings("corpora", "c", "protocol", "folds", value=3)
    output_of("train", "--workers", "0")
    table = here / "results/c/table.csv"
    table.touch()  # the time of a file says nothing
    refused = invoke(*SHOW[who])
    assert refused.exit_code == 1
    assert "the predictions changed since it was made. Run `crossmodal evaluate --corpus c` again" in refused.output
    assert current("evaluate").split()[2] == "0/1"
    assert current("report").split()[2] == "0/1"


def test_the_best_row_is_not_taken_from_an_old_table(here: Path) -> None:
    settings("corpora", "c", "metrics", value=["uar"])
    assert "table.csv is out of date: corpora.c.metrics" in invoke("fit", "--corpus", "c").output


def test_train_again_with_the_same_outcome_leaves_all_current(here: Path) -> None:
    output_of("train", "--workers", "0")
    for command in (*OLD.values(), *SHOW.values(), *TRAINED.values()):
        output_of(*command)
    assert current("report").split()[2] == "1/1"


def test_what_is_gone_is_not_missed(here: Path) -> None:
    """Features and streams may be deleted to save space: what was made of them is still good."""
    shutil.rmtree(here / "data/work/c/streams")
    for command in (OLD["answer"], ("report",), ("evaluate",), *TRAINED.values()):
        output_of(*command)
    shutil.rmtree(here / "data/work/c/features")
    for command in (OLD["answer"], ("report",), ("evaluate",), *TRAINED.values()):
        output_of(*command)
    shutil.rmtree(here / "data/work")
    output_of("evaluate", "--show")
    assert "run `crossmodal prepare`" in invoke("report").output  # the page shows the utterances, whose table is gone


def during(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], None]) -> None:
    """Let something happen beside a run, after it called a function."""
    original = getattr(module, name)

    def slowly(*arguments: Any, **options: Any) -> Any:
        found = original(*arguments, **options)
        act()
        return found

    monkeypatch.setattr(module, name, slowly)


@pytest.mark.parametrize("when", ["read_predictions", "score", "read_dropped", "read_attention"])
def test_train_beside_evaluate_leaves_no_figures_of_old_predictions(
    when: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beside() -> None:
        settings("corpora", "c", "protocol", "folds", value=3)
        train(load_params(Path("params.yaml")), "c", Pool(0))

    before = (here / "results/c/table.csv").read_bytes()
    during(monkeypatch, outputs if when in ("read_dropped", "read_attention") else evaluating, when, beside)
    with pytest.raises(Changed, match=r"predictions\.csv was rewritten meanwhile"):
        evaluate(load_params(Path("params.yaml")), "c")
    assert (here / "results/c/table.csv").read_bytes() == before
    assert current("train").split()[2] == "1/1"
    assert current("evaluate").split()[2] == "0/1"
    monkeypatch.undo()
    monkeypatch.chdir(here)
    output_of("evaluate")
    assert current("evaluate").split()[2] == "1/1"


def test_train_that_ends_while_evaluate_writes_is_noticed_later(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def beside() -> None:
        settings("corpora", "c", "protocol", "folds", value=3)
        train(load_params(Path("params.yaml")), "c", Pool(0))

    during(monkeypatch, evaluating, "require_same", beside)
    evaluate(load_params(Path("params.yaml")), "c")
    assert current("evaluate").split()[2] == "0/1"
    assert "the predictions changed" in invoke("evaluate", "--show").output


def test_train_beside_explain_is_noticed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = load_params(Path("params.yaml"))
    with pytest.raises(Changed, match=r"predictions\.csv was rewritten meanwhile"):
        explain(params, "c", Beside(lambda: _other_predictions()), ("unimodal:text",), 1)
    assert not (here / "results/c/importance.csv").exists()


def _other_predictions() -> None:
    settings("corpora", "c", "protocol", "folds", value=3)
    train(load_params(Path("params.yaml")), "c", Pool(0))


class Beside(Pool):
    """No workers; something happens before each job."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(0)
        self.act = act

    def run(self, work: Any, tasks: Any, expected_s: float = 0.0) -> Any:
        found = list(super().run(work, tasks, expected_s))
        self.act()
        return found


def test_fit_refuses_a_store_that_was_made_again_while_it_was_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.stages.preprocess import preprocess

    def beside() -> None:
        table = here / "raw/manifest.csv"
        table.write_text(table.read_text().replace("good day", "such a horrible day"))
        params = load_params(Path("params.yaml"))
        output_of("prepare")
        preprocess(params, "c", "text", Pool(0))
        extract(params, "c", "vader", Pool(0))

    during(monkeypatch, fitting, "load_modalities", beside)
    row = fitting.configuration_of(load_params(Path("params.yaml")), "c", "unimodal", ("text",), "logistic")
    with pytest.raises(Changed, match=r"changed while fit read them \(data/work/c/features/vader\.h5"):
        fitting.fit(load_params(Path("params.yaml")), "c", row)
    assert not (here / "results/c/models").exists()


def test_old_results_of_the_corpus_are_compared_and_said_to_be_old(here: Path) -> None:
    shutil.copytree(here / "results/c", here / "before/c")
    settings("train", "budget", value=2)
    output = output_of("compare", "before/c", "results/c")
    assert "Out of date: results/c/predictions.csv was made from other labels" in output
    (here / "before/c/train.json").unlink()  # predictions alone, as from elsewhere
    assert "before/c/predictions.csv cannot be checked, since before/c/train.json is missing" in output_of(
        "compare", "before/c", "results/c"
    )


LOST = {
    **dict.fromkeys(("dropped.csv", "presence.csv", "attention.csv", "parameters.csv"), "train"),
    **dict.fromkeys(("comparisons.csv", "robustness.csv", "table.md", "images/forest.svg"), "evaluate"),
}


@pytest.mark.parametrize("lost", LOST)
def test_a_file_that_the_record_names_and_that_is_gone_is_missed(lost: str, here: Path) -> None:
    (here / "results/c" / lost).unlink()
    stages = ("evaluate", "report") if LOST[lost] == "train" else ("report",)
    for stage in stages:
        refused = invoke(stage)
        assert refused.exit_code == 1
        assert f"results/c/{lost} is missing: run `crossmodal {LOST[lost]} --corpus c` again" in refused.output
    for stage in {LOST[lost], *stages}:
        assert current(stage).split()[2] == "0/1"
    output_of(LOST[lost], *(("--workers", "0") if LOST[lost] == "train" else ()))
    for stage in stages:
        output_of(stage)
    assert current("report").split()[2] == "1/1"


def test_features_of_an_old_stream_are_not_exported(here: Path) -> None:
    settings("streams", "text", "lowercase", value=False)
    refused = invoke("export", "npz", "out.npz", "--corpus", "c")
    assert refused.exit_code == 1, refused.output
    assert "`crossmodal preprocess --corpus c --modality text`" in refused.output
    assert not (here / "out.npz").exists()
