"""Figures by group: divided by any column, with intervals where they mean something, and the worst one named."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.configuration import Configuration
from models.evaluation.intervals import Interval, group_bootstrap, resample
from models.evaluation.metrics import metrics_of
from pipeline.errors import UserError
from pipeline.evaluation.groups import (
    COLUMNS,
    EMPTY,
    Grouping,
    Resampling,
    below_table,
    best_of_each_kind,
    blocks,
    by_column,
    by_group,
    by_protocol,
    how_resampled,
    of_protocol,
    read_by_group,
    worst,
)
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.tables import Table
from pipeline.settings.blocks import CorpusParams, EvaluateParams, ProtocolParams

CORPUS = CorpusParams(
    "manifest", "c", "classification", "label", ("text", "audio"), ProtocolParams("group-kfold", group="actor")
)
VOTE = Configuration("vote", ("text", "audio"), "svm")
TEXT = Configuration("unimodal", ("text",), "svm")
(ACCURACY,), (MAE,) = metrics_of("classification", ("accuracy",)), metrics_of("regression", ("mae",))


def divided(cells: list[object], column: str = "kind", times: int = 1) -> Grouping:
    names = [f"u{i}" for i in range(len(cells) * times)]
    table = pd.DataFrame({"utterance": names, column: cells * times})
    return by_column(table, column, names[::-1], CORPUS)


def test_a_column_of_text_is_divided_by_its_values_and_empty_cells_are_a_group() -> None:
    found = divided(["b", "", "a", "b"])
    assert found.order == ["a", "b", EMPTY]
    assert found.of[["u0", "u1", "u2", "u3"]].tolist() == ["b", EMPTY, "a", "b"]
    assert found.note == ""


def test_numbers_are_values_in_their_order_if_there_are_few_of_them() -> None:
    assert divided(["10", "9", "", "100"], times=10).order == ["9", "10", "100", EMPTY]
    assert divided([2.0, 1.5, math.nan], times=10).order == ["1.5", "2", EMPTY]
    assert divided(["02", "01"], times=10).order == ["01", "02"]  # as they are written


def test_many_numbers_are_divided_into_quarters_with_a_sentence() -> None:
    found = divided([*np.arange(40) / 8, math.nan], "length")
    assert found.order == ["0 to 1.125", "1.25 to 2.375", "2.5 to 3.625", "3.75 to 4.875", EMPTY]
    assert found.of.value_counts().to_dict() == {**dict.fromkeys(found.order[:4], 10), EMPTY: 1}
    assert found.of["u10"] == "1.25 to 2.375"
    assert found.note == "length has 40 different numbers: the utterances are divided at its quartiles."
    assert divided([0.0] * 30 + [float(i) for i in range(1, 11)], "length").order == ["0", "1 to 10"]


def test_names_are_never_divided_into_quarters_though_they_are_numerals() -> None:
    numerals = [str(i) for i in range(24)] * 2
    assert len(divided(numerals, "speaker").order) == 24
    assert len(divided(numerals, "actor").order) == 24  # the protocol's group
    assert len(divided(numerals, "age").order) == 4


def test_a_column_that_makes_no_groups_is_refused_with_the_reason() -> None:
    for cells, column, sentence in (
        (["a", "b", "c"], "text", "every utterance has a different text"),
        (["", "", ""], "region", "the column is empty for every predicted utterance"),
        ([math.nan] * 3, "start", "the column is empty for every predicted utterance"),
    ):
        with pytest.raises(UserError, match=f"--by {column}: {sentence}"):
            divided(cells, column)
    table = pd.DataFrame({"utterance": ["u"], "gender": ["f"]})
    with pytest.raises(UserError, match="the utterances have no column 'gendr'; did you mean 'gender'"):
        by_column(table, "gendr", ["u"], CORPUS)


def predictions(sizes: dict[str, int], right: dict[str, int]) -> tuple[pd.DataFrame, pd.Series]:
    """Groups of utterances, of which the first are right; and the group of each."""
    group = [name for name, size in sizes.items() for _ in range(size)]
    place = [i for size in sizes.values() for i in range(size)]
    names = [f"u{i}" for i in range(len(group))]
    prediction = ["a" if i < right[name] else "b" for name, i in zip(group, place, strict=True)]
    part = pd.DataFrame({"utterance": names, "truth": "a", "prediction": prediction})
    return part, pd.Series(group, index=names)


SIZES, RIGHT = {"x": 20, "y": 12, "z": 9, "v": 1}, {"x": 15, "y": 6, "z": 0, "v": 0}


def test_each_group_has_its_size_its_metric_and_an_interval_unless_it_is_small() -> None:
    part, groups = predictions(SIZES, RIGHT)
    resampling = Resampling(groups, "actor", EvaluateParams(resamples=200))
    found = by_group({VOTE: part}, by_protocol(groups, CORPUS), ACCURACY, resampling)
    assert list(found.columns) == COLUMNS
    lines = found.set_index("group")
    assert lines["n"].to_dict() == SIZES
    assert lines["value"].to_dict() == {"x": 0.75, "y": 0.5, "z": 0.0, "v": 0.0}
    assert lines["resampled"].to_dict() == {"x": "utterance", "y": "utterance", "z": "", "v": ""}
    assert lines.loc[["z", "v"], ["low", "high"]].isna().all(axis=None)
    own = part[:20]
    expected = group_bootstrap(ACCURACY, own["truth"], own["prediction"], resample(np.arange(20), draws=200))
    assert (lines.loc["x", "low"], lines.loc["x", "high"]) == (expected.low, expected.high)


def test_groups_of_the_protocol_are_resampled_whole_where_there_are_three() -> None:
    part, groups = predictions(dict.fromkeys("vwxyz", 8), {"v": 8, "w": 4, "x": 0, "y": 8, "z": 0})
    resampling = Resampling(groups, "actor", EvaluateParams(resamples=400))

    def gender(of: str) -> pd.Series:
        by = Grouping("gender", groups.map(dict(zip("vwxyz", of, strict=True))), sorted(set(of)))
        return by_group({VOTE: part}, by, ACCURACY, resampling).set_index("group").loc["f"]

    three = gender("fffmm")
    assert (three["n"], three["value"], three["resampled"]) == (24, 0.5, "actor")
    assert (three["low"], three["high"]) == (0.0, 1.0)  # all three may be x, or v
    two = gender("mmmff")
    assert (two["n"], two["value"], two["resampled"], math.isnan(two["low"])) == (16, 0.5, "", True)
    alike = gender("fmmfm")  # all right: no resample differs from another
    assert (alike["n"], alike["value"], alike["resampled"], math.isnan(alike["low"])) == (16, 1.0, "", True)
    alone = gender("mmfmm")
    assert (alone["n"], alone["resampled"]) == (8, "")


def test_where_all_utterances_are_alike_there_is_no_interval() -> None:
    part, groups = predictions({"x": 20, "y": 20}, {"x": 20, "y": 10})
    found = by_group({VOTE: part}, by_protocol(groups, CORPUS), ACCURACY, Resampling(groups, "actor", EvaluateParams()))
    assert found["value"].tolist() == [1.0, 0.5]
    assert found["resampled"].tolist() == ["", "utterance"]
    assert found["low"].isna().tolist() == [True, False]


def test_a_metric_that_no_resample_defines_names_nothing_as_resampled() -> None:
    (r,) = metrics_of("regression", ("r",))
    part, groups = predictions({"x": 20, "y": 20}, {"x": 20, "y": 10})
    part = part.assign(truth=1.0, prediction=np.linspace(0, 1, 40))  # a constant truth correlates with nothing
    found = by_group({VOTE: part}, by_protocol(groups, CORPUS), r, Resampling(groups, "actor", EvaluateParams()))
    assert found["low"].isna().all()
    assert found["resampled"].tolist() == ["", ""]


def test_the_sentence_says_what_was_resampled_and_why_a_line_has_no_interval() -> None:
    def said(right: dict[str, int], by: dict[str, str] | None = None) -> str:
        part, groups = predictions(dict.fromkeys(right, 12), right)
        grouping = (
            by_protocol(groups, CORPUS) if by is None else Grouping("sex", groups.map(by), sorted({*by.values()}))
        )
        resampling = Resampling(groups, "actor", EvaluateParams(resamples=50))
        return how_resampled(by_group({VOTE: part}, grouping, ACCURACY, resampling), CORPUS)

    assert said({"x": 6, "y": 3}) == "95 % intervals resample the utterances of each actor."
    alike = "all of its resamples have the same value, as when all of its utterances are right."
    assert f"has no interval if {alike}" in said({"x": 6, "y": 12})
    assert said({"x": 12, "y": 12}).startswith("A line of 10 or more utterances has no interval if it has two groups")
    sexes = dict(zip("uvwxy", "fffmm", strict=True))
    two = said(dict.fromkeys("uvwxy", 6) | {"u": 3}, sexes)
    assert two.startswith("95 % intervals resample the groups (actor) of a line, or its utterances if")
    assert f"if it has two groups, which say too little about others, or if {alike}" in two


def test_where_corpora_are_left_out_they_are_the_groups_and_each_is_in_the_sentence() -> None:
    """Also if their names are numerals, and few utterances each."""
    part, speakers = predictions({"x": 20, "y": 12}, {"x": 15, "y": 6})
    table = pd.DataFrame({"utterance": part["utterance"], "corpus": ["2019"] * 20 + ["2020"] * 12})
    union = replace(CORPUS, protocol=ProtocolParams("leave-one-corpus-out"))
    found = of_protocol(table, speakers, union)
    assert (found.column, found.order) == ("corpus", ["2019", "2020"])
    assert found.of.tolist() == table["corpus"].tolist()
    assert of_protocol(table, speakers, CORPUS).order == ["x", "y"]
    lines = by_group({VOTE: part}, found, ACCURACY, Resampling(speakers, "actor", EvaluateParams(resamples=50)))
    scores = Scores((Scored(VOTE, 32, {"accuracy": Interval(21 / 32, 0.5, 0.8)}),), (ACCURACY,))
    said = re.sub(r" \[[^]]*\]", "", below_table(lines, scores, union))
    assert said == (
        "accuracy of the best row, vote text+audio svm, in each corpus: 2019 75.0 on 20 utterances, 2020 50.0 on 12 "
        "utterances."
    )
    assert below_table(lines, scores, CORPUS) == worst(lines, scores)


def test_utterances_that_are_groups_of_their_own_are_not_listed() -> None:
    assert by_protocol(pd.Series(["u", "v"], index=["u", "v"]), CORPUS).order == []


def scores(metric: object = ACCURACY, **values: float) -> Scores:
    rows = {"majority": Configuration("majority"), "text": TEXT, "vote": VOTE}
    found = [Scored(rows[name], 42, {metric.name: Interval(v, v, v)}) for name, v in values.items()]  # type: ignore[attr-defined]
    return Scores(found, [metric])  # type: ignore[list-item]


def table(metric: str, one: Configuration, *lines: tuple[str, int, float]) -> pd.DataFrame:
    rows = [
        (*one.names, "speaker", group, n, metric, value, value, value + 0.1, "utterance") for group, n, value in lines
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_worst_group_of_the_best_row_is_named_and_small_ones_do_not_count() -> None:
    lines = table("accuracy", VOTE, ("x", 20, 0.75), ("y", 12, 0.5), ("z", 9, 0.0), ("w", 30, math.nan))
    others = table("accuracy", TEXT, ("x", 20, 0.1), ("y", 12, 0.2), ("z", 9, 0.3))
    both = pd.concat([lines, others])
    assert worst(both, scores(majority=0.4, text=0.6, vote=0.7)) == (
        "The best row, vote text+audio svm, is worst for speaker y: accuracy 50.0 [50.0, 60.0] on 12 utterances, "
        "against 70.0 on all. Even by chance, one of 2 groups is the worst."
    )
    assert "unimodal text svm, is worst for speaker x" in worst(both, scores(text=0.8, vote=0.7))
    assert worst(lines[1:], scores(vote=0.7)) == ""  # one group left
    assert worst(lines, scores(majority=0.9, vote=0.7)) == ""  # the best row is not among them


def test_of_an_error_the_largest_is_the_worst() -> None:
    lines = table("mae", VOTE, ("x", 20, 0.75), ("y", 12, 0.5))
    assert "worst for speaker x: mae 0.750 [0.750, 0.850]" in worst(lines, scores(MAE, vote=0.6))


def test_small_groups_are_counted_and_many_are_cut_off() -> None:
    lines = table("accuracy", VOTE, ("x", 20, 0.75), ("y", 12, 0.5), ("z", 9, 0.0), ("v", 1, 1.0))
    shown, sentences = blocks(lines, scores(vote=0.7), "A note.", "by.csv")
    assert isinstance(shown, Table)
    assert shown.header == ["speaker", "n", "vote text+audio svm"]
    assert shown.lines == [["x", "20", "75.0 [75.0, 85.0]"], ["y", "12", "50.0 [50.0, 60.0]"]]
    assert isinstance(sentences, str)
    assert sentences.startswith("A note.\nThe best row")
    assert (
        "\n2 of the groups (z, v) have fewer than 10 utterances, so they have no interval and are not called the worst."
        in sentences
    )
    many = table("accuracy", VOTE, *((f"s{i}", 10, 0.5) for i in range(43)))
    cut, sentences = blocks(many, scores(vote=0.5), "", "by.csv")
    assert isinstance(cut, Table)
    assert len(cut.lines) == 40
    assert "3 more groups are in by.csv." in str(sentences)
    tiny = pd.concat([many, table("accuracy", VOTE, *((f"t{i}", 1, 0.5) for i in range(8)))])
    assert "8 of the groups (t0, t1, t2, t3, t4, 3 more) have" in str(blocks(tiny, scores(vote=0.5), "", "by.csv")[1])
    assert blocks(many[:0], scores(vote=0.5), "", "by.csv") == []


def test_the_best_of_each_kind_are_shown() -> None:
    assert best_of_each_kind(scores(majority=0.4, text=0.6, vote=0.5)) == [VOTE, TEXT, Configuration("majority")]
    assert best_of_each_kind(scores(text=0.6)) == [TEXT]


def test_evaluate_writes_the_figures_of_the_protocols_groups(classification: Path) -> None:
    found = read_by_group("c")
    assert found["column"].unique().tolist() == ["speaker"]
    vote = found[found["strategy"] == "vote"]
    assert vote[["group", "n", "value"]].to_numpy().tolist() == [[f"s{i}", 2, 1.0] for i in range(4)]
    assert found["low"].isna().all()
    (classification / "results/c/by_group.csv").unlink()
    with pytest.raises(UserError, match=re.escape("by_group.csv does not exist: run `crossmodal evaluate --corpus c`")):
        read_by_group("c")
