"""The answer on the page: the sentences of answer.json, the best of both kinds, the grid, what each modality adds."""

import math
from dataclasses import replace

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import Metric, metrics_of
from pipeline.evaluation.answer import Answer, Compared, Gain, Largest, Measure, Measured, Modality
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.sections.answer import answer_section, grid
from tests.pipeline.reporting.charts.reading import values

METRICS = metrics_of("classification")
ROWS = {
    ("majority", "", ""): 0.4,
    ("tfidf", "text", "logistic"): 0.5,
    ("unimodal", "text", "svm"): 0.6,
    ("unimodal", "text", "xgboost"): 0.7,
    ("unimodal", "audio", "svm"): 0.65,
    ("vote", "text+audio", "svm"): 0.8,
    ("concat", "text+audio", "svm"): math.nan,
}


def interval(value: float) -> Interval:
    return Interval(value, value - 0.1, value + 0.1)


def scores(metrics: tuple[Metric, ...] = METRICS, unranked: str = "") -> Scores:
    rows = [Scored(Configuration.parse(*names), 9, {metrics[0].name: interval(v)}) for names, v in ROWS.items()]
    return Scores(rows, metrics, unranked)


def measured(words: str, *names: str) -> Measured:
    one = Configuration.parse(*names)
    return Measured(*(one.strategy, one.modalities, one.model), words, interval(ROWS[names]))  # type: ignore[index]


SINGLE = measured("text by XGBoost", "unimodal", "text", "xgboost")
AUDIO = measured("audio by SVM", "unimodal", "audio", "svm")
FUSION = measured("T+A by majority vote (SVM)", "vote", "text+audio", "svm")
COMPARED = Compared(FUSION, Interval(0.1, 0.05, 0.15), 0.001, 0.002, "+ better")
ANSWER = Answer(
    "c", "Made up.", measure=Measure("accuracy", True, True), utterances=9, groups=8, unit="speaker", single=SINGLE,
    fusion=COMPARED, fusions=2, full=FUSION, better=(COMPARED,), decidable=True,
    modalities=(
        Modality("text", SINGLE, Gain(AUDIO, Interval(0.15, 0.1, 0.2)), {}),
        Modality("audio", AUDIO, Gain(SINGLE, Interval(0.1, -0.05, 0.15)), {}),
    ),
)  # fmt: skip


def test_the_sentences_come_from_the_answer_and_the_note_stands_apart() -> None:
    found = answer_section(ANSWER, scores())
    assert found.verdict.startswith("Fusing helps. T+A by majority vote (SVM): accuracy 80.0 % [70.0, 90.0]")
    assert found.cautions == ["Made up."]
    assert "Made up." not in found.sentences
    without = answer_section(replace(ANSWER, note=""), scores())
    assert (without.sentences, without.cautions) == (found.sentences, [])
    unequal = answer_section(replace(ANSWER, largest=Largest("ann", 5, 4)), scores())
    assert unequal.cautions[0].startswith("5 of 9 utterances belong to one speaker, ann. ")
    assert unequal.sentences == found.sentences


def test_the_best_of_both_kinds_stand_side_by_side_with_their_difference() -> None:
    single, fusion, apart = answer_section(ANSWER, scores()).cards
    assert (single.title, single.row, single.value) == ("Best single modality", "text by XGBoost", "70.0 [60.0, 80.0]")
    assert (fusion.title, fusion.value) == ("Best fusion", "80.0 [70.0, 90.0]")
    assert apart.value == "+10.0 [+5.0, +15.0]"
    assert apart.remark == "p = .002 after Holm's correction over 2 fusions: better"
    not_shown = replace(COMPARED, p_holm=0.2, verdict="? not shown")
    apart = answer_section(replace(ANSWER, fusion=not_shown), scores()).cards[2]
    assert apart.remark == "p = .200 after Holm's correction over 2 fusions: no difference is shown"


def test_the_grid_has_the_best_row_of_each_strategy_and_set_of_modalities() -> None:
    found = grid(scores())
    assert found.columns == ["text", "audio", "text + audio"]
    lines = {name: [cell and (cell.value, cell.model, cell.best) for cell in cells] for name, cells in found.lines}
    assert lines == {
        "word counts": [("50.0 [40.0, 60.0]", "logistic regression", False), None, None],
        "unimodal": [("70.0 [60.0, 80.0]", "XGBoost", True), ("65.0 [55.0, 75.0]", "SVM", True), None],
        "majority vote": [None, None, ("80.0 [70.0, 90.0]", "SVM", True)],
        "concatenation": [None, None, ("undefined", "SVM", False)],
    }


def test_no_cell_is_called_best_where_no_row_is_ranked() -> None:
    found = grid(scores(unranked="it is not known who speaks"))
    assert not any(cell and cell.best for _, cells in found.lines for cell in cells)


def test_gains_are_in_percentage_points_with_a_line_at_nothing() -> None:
    chart = answer_section(ANSWER, scores()).gains
    assert chart is not None
    text, audio = values(chart.spec, 1)
    assert (text["label"], text["kind"]) == ("text\nagainst audio", "text")
    assert [round(audio[key], 9) for key in ("value", "low", "high")] == [10, -5, 15]
    assert values(chart.spec, 0)[0]["at"] == 0
    assert chart.table.lines[1] == ["audio", "text by XGBoost", "+10.0 [-5.0, +15.0]"]
    full = replace(FUSION, modalities=("text", "audio", "video"))
    together = answer_section(replace(ANSWER, full=full, modalities=ANSWER.modalities[:1]), scores()).gains
    assert together is not None
    assert [(row["label"], row["kind"]) for row in values(together.spec, 1)] == [("T+V\nagainst audio", "fusion")]
    assert (chart.title, together.title) == ("What each modality adds", "What modalities add")
    assert together.caption.endswith(
        "If the best row without a modality lacks another one too, both are taken together."
    )
    assert together.table.lines == [["text and video", "audio by SVM", "+15.0 [+10.0, +20.0]"]]


def test_without_a_fusion_there_is_nothing_that_a_modality_adds() -> None:
    alone = replace(ANSWER, fusion=None, full=None, better=(), fusions=0, modalities=(), caveats=("one_modality",))
    found = answer_section(alone, scores())
    assert found.gains is None
    assert [card.title for card in found.cards] == ["Best single modality"]
