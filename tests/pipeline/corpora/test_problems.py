"""Thousands of problems: a few of each kind are shown, and all of them are in a file, which is named."""

from pathlib import Path

from pipeline.corpora.problems import IN_ALL, OF_A_KIND, Problem, Severity, shown


def problem(severity: Severity, message: str, line: int | None = None) -> Problem:
    return Problem(severity, Path("m.csv"), line, message)


def test_a_few_problems_are_all_shown_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "work" / "problems.txt"
    assert shown([problem("error", "x"), problem("warning", "y")], path) == ["error: m.csv: x", "warning: m.csv: y"]
    assert not path.exists()


def test_many_of_a_kind_do_not_hide_others(tmp_path: Path) -> None:
    path = tmp_path / "work" / "problems.txt"
    lost = [problem("failed", f"data/clip {i} of 'x'/c{i}.mp4 is not there: look in /a/b{i}", i) for i in range(5504)]
    lines = shown([*lost, problem("warning", "another kind"), problem("failed", "cannot be read")], path)
    assert len(lines) == OF_A_KIND + 3
    assert "warning: m.csv: another kind" in lines
    assert lines[-1] == f"... and 5494 more of severity 'failed': all 5506 are in {path}"
    assert len(path.read_text().splitlines()) == 5506
    shown([], path)
    assert not path.exists()


def test_many_kinds_are_capped_too(tmp_path: Path) -> None:
    words = [f"{a}{b}{c}" for a in "abcdef" for b in "ghijkl" for c in "mnopqr"]
    assert len(shown([problem("warning", word) for word in words], tmp_path / "p.txt")) == IN_ALL + 1


def test_names_that_are_not_unicode_are_written_by_their_codes(tmp_path: Path) -> None:
    shown([problem("warning", "stray \udcff")] * (OF_A_KIND + 1), tmp_path / "p.txt")
    assert "\\udcff" in (tmp_path / "p.txt").read_text(encoding="utf-8")


def test_terminal_codes_are_written_by_their_codes(tmp_path: Path) -> None:
    shown([problem("failed", "nope\x1b]0;pwn\x07N.mpg is not there")] * (OF_A_KIND + 1), tmp_path / "p.txt")
    written = (tmp_path / "p.txt").read_text(encoding="utf-8")
    assert "nope\\u001b]0;pwn\\u0007N.mpg" in written
    assert not {"\x1b", "\x07"} & set(written)
