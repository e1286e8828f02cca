"""Robustness: shares are nested, seeds are kept, and metrics are the ones computed by hand."""

import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.evaluation.printing import printed_robustness
from pipeline.evaluation.robustness import LOST, ORDERS, ablate_share
from pipeline.reporting.tables import markdown
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from tests.pipeline.evaluation.trained_corpus import beside, read, trained


def again(folder: Path) -> None:
    evaluate(load_params(folder / "params.yaml"), "c")


def robust(folder: Path) -> str:
    return markdown(printed_robustness(load_params(folder / "params.yaml"), "c"))


def test_a_larger_share_takes_it_from_those_of_a_smaller_one() -> None:
    whole, ablated = np.zeros(50), np.ones(50)
    taken = [ablate_share(whole, ablated, share, 3) for share in LOST]
    assert [t.shape for t in taken] == [(1, 50)] + [(ORDERS, 50)] * 5
    for share, found in zip(LOST, taken, strict=True):
        assert (found.sum(axis=1) == round(50 * share / 100)).all()
    for fewer, more in pairwise(taken):
        assert (fewer <= more).all()
    assert len({row.tobytes() for row in taken[-1]}) > 1


@pytest.mark.parametrize("share", LOST)
def test_the_same_seed_takes_the_same_and_answers_stay_in_place(share: int) -> None:
    whole, ablated = np.array([f"f{i}" for i in range(30)]), np.array([f"b{i}" for i in range(30)])
    found = ablate_share(whole, ablated, share, 0)
    assert (found == ablate_share(whole, ablated, share, 0)).all()
    assert ((found == whole) | (found == ablated)).all()
    if 0 < share < 100:
        assert (found != ablate_share(whole, ablated, share, 1)).any()


def test_robustness_is_that_computed_by_hand(classification: Path) -> None:
    beside(classification, "a")
    again(classification)
    found = read(classification, "robustness.csv")
    vote = found[(found["strategy"] == "vote") & (found["removed"] == "audio")].set_index("share")
    assert list(vote.index) == [0, 10, 20, 30, 40, 50]
    assert vote.loc[0, "value"] == 1
    # Half of the truth is "a", which the rest is told to be: 4 of 8 taken away leave 3/4 right in the mean.
    assert vote.loc[50, "value"] == pytest.approx(0.75, abs=0.08)
    assert (np.diff(vote["value"]) <= 0).all()  # nested: what is lost stays lost
    assert (vote["low"] <= vote["value"]).all()
    present = read(classification, "by_presence.csv")
    rows = present[present["strategy"] == "vote"]
    assert rows[["present", "n", "value"]].to_numpy().tolist() == [["text+audio", 6, 1.0], ["text", 2, 1.0]]
    concat = present[(present["strategy"] == "concat") & (present["present"] == "text")]
    assert concat["value"].item() == 0.5  # u3 and u7: b is right, b is not
    ElementTree.parse(classification / "results/c/images/robustness.svg")
    assert "text + audio (n = 6)" in robust(classification)


@pytest.mark.parametrize("broken", ["line", "set", "presence", "number"])
def test_damaged_files_beside_the_predictions_are_named(broken: str, classification: Path) -> None:
    beside(classification, "a")
    results = classification / "results/c"
    if broken == "line":
        path = results / "dropped.csv"
        path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    elif broken == "set":
        table = read(classification, "dropped.csv")
        table[table["dropped"] != "audio"].to_csv(results / "dropped.csv", index=False)
    elif broken == "presence":
        read(classification, "presence.csv")[:-1].to_csv(results / "presence.csv", index=False)
    else:
        read(classification, "presence.csv").assign(audio=2).to_csv(results / "presence.csv", index=False)
    trained(classification)
    with pytest.raises(UserError, match=r"(dropped|presence)\.csv.*run `crossmodal train"):
        again(classification)
