"""The answer on a terminal: it fits, colours only where asked, and foreign text controls nothing."""

import math
from dataclasses import replace

import pytest
from rich.cells import cell_len

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.answer.facts import Answer, Compared, Largest, Measure, Measured
from pipeline.evaluation.answer.screen import View, screen
from pipeline.evaluation.scoring import Comparison, Scored, Scores

NAN = math.nan
FUSIONS = ("concat", "pca", "autoencoder", "cca", "vote", "weighted", "product", "stacking", "transformer")


def scored(strategy: str, modalities: str, model: str, value: float, task: str = "classification") -> Scored:
    names = [metric.name for metric in metrics_of(task)]
    found = Interval(value, value - 0.1, min(1.0, value + 0.1))
    compared = None
    if "+" in modalities:
        apart = Interval(value - 0.7, value - 0.9, value - 0.65)
        compared = Comparison(apart, 0.001, 0.012, "+ better" if value > 0.8 else "? not shown")
    return Scored(Configuration.parse(strategy, modalities, model), 144, dict.fromkeys(names, found), 10, compared)


def rows(task: str = "classification") -> list[Scored]:
    found = [scored("majority", "", "", 0.3, task), scored("tfidf", "text", "logistic", 0.6, task)]
    found += [scored("unimodal", m, "random_forest", 0.6, task) for m in ("text", "audio", "video")]
    found += [scored("unimodal", "audio", "xgboost", 0.7, task)]
    sets = ("text+audio", "text+audio+video")
    return found + [scored(f, m, "logistic", 0.72 + i / 50, task) for i, f in enumerate(FUSIONS) for m in sets]


def view(scores: Scores, note: str = "Synthetic: drawn faces.", **changes: object) -> View:
    single = Measured("unimodal", ("audio",), "xgboost", "audio by XGBoost", Interval(0.7, 0.6, 0.8))
    full = Measured("stacking", ("text", "audio", "video"), "", "T+A+V by stacking", Interval(0.86, 0.76, 0.96))
    shown = Compared(full, Interval(0.16, 0.06, 0.26), 0.001, 0.012, "+ better")
    measure = Measure(scores.leading.name, scores.leading.share, scores.leading.higher_is_better)
    answer = Answer(
        "demo", note, "", measure, 144, 12, "speaker", single=single, fusion=shown, fusions=18, better=(shown,)
    )
    return View(replace(answer, decidable=True, **changes), scores, 2, "The page: results/demo/report.html")


def classes() -> Scores:
    return Scores(rows(), metrics_of("classification")).sorted()


def test_everything_fits_80_columns_and_40_lines() -> None:
    lines = screen(view(classes())).split("\n")
    assert max(map(cell_len, lines)) <= 80
    assert len(lines) <= 36  # the prompt and the line of `make` stand there, too
    text = "\n".join(lines)
    assert text.index("demo: 144 utterances, 12 speakers") == 0
    assert text.index("Synthetic") < text.index("Fusing helps. T+A+V by stacking") < text.index("tfidf")
    assert "T+A+V  transformer    88.0 [78.0, 98.0]  +18.0 [-2.0, +23.0]  +  .012" in text
    assert "12 of 24 rows. The rest and 2 notices: crossmodal evaluate demo --show --all" in lines
    assert lines[-1] == "The page: results/demo/report.html"
    assert "…" not in text


def test_marks_are_the_verdicts_of_the_table_and_old_results_are_said_to_be_old() -> None:
    shown = view(classes())
    assert "+ better, - worse, ? not shown. In brackets: 95 % intervals over groups." in screen(shown).split("\n")
    lines = screen(replace(shown, old="Out of date.")).split("\n")
    assert lines.index("Out of date.") < next(i for i, line in enumerate(lines) if line.startswith("Fusing helps."))


def test_a_group_with_most_utterances_is_said_before_the_verdict() -> None:
    lines = screen(view(classes(), largest=Largest("ann", 90, 30))).split("\n")
    assert lines[1].startswith("90 of ")
    assert "learn from at most 30" in " ".join(lines[1:4])
    assert sum("ann" in line for line in lines) == 1


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_of_the_table_is_wider_than_the_terminal(width: int) -> None:
    for scores in (classes(), Scores(rows("regression"), metrics_of("regression")).sorted()):
        lines = screen(view(scores), width).split("\n")
        assert max(map(cell_len, lines)) <= width
        assert width < 80 or sum(line.startswith("T+A+V  ") for line in lines) == 4


def test_a_wide_terminal_shows_more_metrics_and_a_narrow_one_shortens_the_strategy() -> None:
    assert "weighted_f1" not in screen(view(classes()), 80)
    assert "weighted_f1" in screen(view(classes()), 120)
    errors = Scores(rows("regression"), metrics_of("regression")).sorted()
    assert "mae, lower is better" in screen(view(errors), 80)


def test_colours_only_where_they_are_asked_for() -> None:
    assert "\x1b" not in screen(view(classes()))
    coloured = screen(view(classes()), colour=True)
    assert "\x1b[1;32m" in coloured


def test_text_of_others_controls_no_terminal_and_is_no_markup() -> None:
    evil = "[red]\x1b[2J ab‮cd :smile: 'tränen'\nnext"
    found = screen(view(classes(), note=evil, corpus="a\x1bb"), colour=True)
    assert "\\u001b[2J" in found
    assert "[red]" in found
    assert ":smile:" in found
    assert "\x1b[2J" not in found
    assert "‮" not in found


def test_models_are_named_where_rows_differ_by_them_alone() -> None:
    several = [*rows()[:6], scored("concat", "text+audio", "svm", 0.8), scored("concat", "text+audio", "fcnn", 0.75)]
    found = screen(view(Scores(several, metrics_of("classification")).sorted()))
    assert "concat/svm" in found
    assert "concat/fcnn" in found


def test_without_fusions_and_without_intervals() -> None:
    alone = [replace(row, values=dict.fromkeys(row.values, Interval(NAN, NAN, NAN))) for row in rows()[:6]]
    found = screen(view(Scores(alone, metrics_of("classification")).sorted(), fusion=None, better=(), fusions=0))
    assert "undefined" in found
    assert "against" not in found
    assert "+ better" not in found
