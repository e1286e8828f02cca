"""What a cell says: escapes, and figures that are undefined or have no interval."""

import re

from models.evaluation.intervals import Interval
from models.evaluation.metrics import metric
from pipeline.evaluation.formatting import difference, latex, p_value, pipe_table, plain, tabular, with_interval

NAN = float("nan")
UAR, MAE, R = metric("classification", "uar"), metric("regression", "mae"), metric("regression", "r")


def test_latex_escapes_each_special_letter_once() -> None:
    assert latex(r"a_b & 5% $x$ #1 {y} ~ ^ \z < >") == (
        r"a\_b \& 5\% \$x\$ \#1 \{y\} \textasciitilde{} \textasciicircum{} \textbackslash{}z \textless{} \textgreater{}"
    )


def test_a_tabular_is_whole_and_no_row_begins_with_a_bracket() -> None:
    lines = tabular(["a_b", "c"], [["[x]", "1 & 2"], ["", "<0.001"]])
    assert lines == [
        r"\begin{tabular}{ll}",
        r"\hline",
        r"a\_b & c \\",
        r"\hline",
        r"{[}x{]} & 1 \& 2 \\",
        r" & \textless{}0.001 \\",
        r"\hline",
        r"\end{tabular}",
    ]
    text = "\n".join(lines)
    assert text.count("{") == text.count("}")
    assert not re.search(r"\\\\\s*\[", text)


def test_undefined_figures_and_missing_intervals_are_said_in_words() -> None:
    assert with_interval(R, Interval(NAN, NAN, NAN)) == "undefined"
    assert with_interval(UAR, Interval(0.5, NAN, NAN)) == "50.0 [no interval: one group]"
    assert difference(MAE, Interval(-0.25, -0.5, 0.125)) == "-0.250 [-0.500, +0.125]"
    assert difference(UAR, Interval(0.1, -1e-17, 0.2)) == "+10.0 [+0.0, +20.0]"
    assert p_value(NAN) == ""


def test_a_pipe_in_a_name_does_not_end_its_cell() -> None:
    assert pipe_table(["a"], [["x|y"]])[-1] == r"| x\|y |"


HOSTILE = "a|b\n| c | `x` <script>alert(1)</script> [y](javascript:z) \\| $\\input{x}$ % & \x1b[2J"


def test_a_cell_is_one_cell_of_markdown_whatever_it_holds():
    lines = pipe_table(["label", "n"], [[HOSTILE, "1"], ["joy", "2"]])
    assert len(lines) == 4
    for line in lines:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3  # bars that nothing escapes: two columns
    assert "<script" not in lines[2].replace("\\<", "")
    assert "](" not in lines[2]
    assert "\x1b" not in lines[2]


def test_a_sentence_is_one_line_of_markdown():
    said = plain(f"Note: the speaker {HOSTILE} occurs once: run `crossmodal train`")
    assert "\n" not in said
    assert "run `crossmodal train`" in said
    assert not re.search(r"(?<!\\)\||(?<!\\)<s", said)


def test_latex_reads_no_command_and_no_new_line():
    body = tabular(["label"], [[HOSTILE]])[4]
    assert "\n" not in body
    assert not re.search(r"\\(input|n\b)|(?<!\\)[$%]", body.replace(r"\textbackslash{}", ""))
    assert body.count("&") == body.count(r"\&") == 1
