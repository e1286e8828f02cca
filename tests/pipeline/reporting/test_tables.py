"""Tables: what a cell holds is shown letter by letter in Markdown, LaTeX and on a terminal; nothing is cut off."""

import re

from pipeline.reporting.tables import Table, for_terminal, latex, markdown, plain


def test_latex_escapes_each_special_letter_once() -> None:
    assert latex(r"a_b & 5% $x$ #1 {y} ~ ^ \z < >") == (
        r"a\_b \& 5\% \$x\$ \#1 \{y\} \textasciitilde{} \textasciicircum{} \textbackslash{}z \textless{} \textgreater{}"
    )


def test_a_tabular_is_whole_and_no_row_begins_with_a_bracket() -> None:
    lines = Table(["a_b", "c"], [["[x]", "1 & 2"], ["", "<0.001"]]).latex().splitlines()
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


def test_a_pipe_in_a_name_does_not_end_its_cell() -> None:
    assert Table(["a"], [["x|y"]]).markdown().splitlines()[-1] == r"| x\|y |"


HOSTILE = "a|b\n| c | `x` <script>alert(1)</script> [y](javascript:z) \\| $\\input{x}$ % & \x1b[2J"


def test_a_cell_is_one_cell_of_markdown_whatever_it_holds():
    lines = Table(["label", "n"], [[HOSTILE, "1"], ["joy", "2"]]).markdown().splitlines()
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
    lines = Table(["label"], [[HOSTILE]]).latex().splitlines()
    assert len(lines) == 7  # begin, header and one row between three rules, end
    body = lines[4]
    assert not re.search(r"\\(input|n\b)|(?<!\\)[$%]", body.replace(r"\textbackslash{}", ""))
    assert body.count("&") == body.count(r"\&") == 1


LONG = Table(["strategy", "value"], [["concat", "80.0 [70.0, 90.0]"], [HOSTILE, "x" * 300]])


def test_markdown_is_complete_whatever_the_width_of_the_terminal(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    text = markdown(["# Title", LONG, "A sentence of more than twenty letters."])
    assert "x" * 300 in text
    assert text.startswith("# Title\n\n| strategy")
    assert text.endswith(" |\n\nA sentence of more than twenty letters.\n")


def test_a_terminal_shows_every_letter_within_its_width_and_obeys_none() -> None:
    text = for_terminal(["# [bold]Title[/bold]", LONG], 60)
    assert max(map(len, text.splitlines())) <= 60
    assert text.count("x") >= 300
    assert "\x1b" not in text
    assert "# [bold]Title[/bold]" in text
    assert "80.0 [70.0, 90.0]" in text


def test_a_terminal_breaks_no_word_even_if_it_is_too_narrow() -> None:
    table = Table(
        ["strategy", "accuracy against the best single modality"], [["cross_attention", "+12.5 [-1.0, +26.0]"]]
    )
    text = for_terminal([table], 12)
    words = set(text.split())
    assert {"strategy", "cross_attention", "accuracy", "modality", "+12.5", "[-1.0,", "+26.0]"} <= words
    assert for_terminal([table], 100).count("\n") < text.count("\n")


def test_a_sentence_is_not_broken_by_the_terminal_renderer() -> None:
    sentence = "word " * 60
    assert sentence.strip() in for_terminal([sentence], 40)
