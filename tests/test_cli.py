"""The command line: every command explains itself with an example and is documented; help costs no heavy import."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import SECTIONS, main
from features.store import Entry, feature_schema, write_store
from pipeline.commands.common import echo
from pipeline.exchange.bundle import item_of
from tests.conftest import run

ROOT = Path(__file__).parents[1]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = list(commands(main))


@pytest.mark.parametrize("path", [(), *ALL], ids=" ".join)
def test_every_command_has_help_with_an_example_on_one_line(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*path, "--help"])
    assert shown.exit_code == 0
    example = shown.output.partition("Example:\n")[2].splitlines()[0]
    assert example.startswith(f"  crossmodal {' '.join(path)}".rstrip())


@pytest.mark.parametrize("path", [(), *ALL], ids=" ".join)
def test_help_fits_a_terminal_of_80_columns_and_nothing_is_cut_off(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*path, "--help"], terminal_width=80).output
    assert "..." not in shown.replace("[ARGS]...", "")
    text, _, rest = shown.partition("Example:\n")
    assert max(map(len, (text + rest.partition("\n")[2]).splitlines())) <= 80


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_is_in_the_readme(path: tuple[str, ...]) -> None:
    assert f"crossmodal {' '.join(path)}" in (ROOT / "README.md").read_text()


def test_every_stage_of_dvc_is_a_command() -> None:
    import yaml

    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    for name, stage in stages.items():
        assert stage["cmd"].split()[:2] == ["crossmodal", name]
        assert name in main.commands


def test_every_command_is_in_one_section_of_the_help() -> None:
    names = [command.name for commands in SECTIONS.values() for command in commands]
    assert sorted(names) == sorted(main.commands)
    said = CliRunner().invoke(main, ["--help"]).output
    assert all(f"\n  {name} " in said for name in names)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from cli import main; CliRunner().invoke(main, ['--help']); "
        "heavy = ('pydantic', 'tqdm', 'numpy', 'pandas', 'torch', 'sklearn', 'cv2', 'av', 'distributed', 'h5py'); "
        "print(*[m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


HOSTILE = "x\x1b]0;owned\x07\x9b2J\u202e\u2028\ry"


@pytest.mark.parametrize("err", [False, True])
def test_nothing_that_is_printed_commands_the_terminal(capsys, err):
    echo(f"größe 語 עברית 👩\u200d🔬\t{HOSTILE}\nz", err=err)
    said = getattr(capsys.readouterr(), "err" if err else "out")
    assert said == "größe 語 עברית 👩\u200d🔬\tx\\u001b]0;owned\\u0007\\u009b2J\\u202e\\u2028\\u000dy\nz\n"


def test_the_command_line_prints_in_one_place_only():
    source = "".join(
        path.read_text(encoding="utf-8") for path in [ROOT / "cli.py", *(ROOT / "pipeline/commands").glob("*.py")]
    )
    assert source.count("click.echo(") == 1
    assert "print(" not in source.replace("printable(", "")


def test_errors_and_stores_that_hold_terminal_codes_are_printed_by_their_codes(tmp_path):
    items = [item_of(HOSTILE, Entry("absent", HOSTILE))]
    attributes = {"name": HOSTILE, "kind": "features", "feature_names": [HOSTILE], "pooled_names": [HOSTILE]}
    write_store(tmp_path / "s.h5", feature_schema(1, 1), attributes, items)
    (tmp_path / "params.yaml").write_text(f'corpora: {{"a": {json.dumps(HOSTILE)}}}\n')
    for arguments in (("features", "show", "s.h5"), ("status", "--corpus", "a"), ("features", "show", HOSTILE)):
        done = run(*arguments, cwd=tmp_path, check=False)
        said = done.stdout + done.stderr
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028]", said), arguments
        assert "u001b" in said or r"\x1b" in said, arguments


def piped(*arguments: str, cwd: Path, both: bool = False) -> tuple[int, str]:
    """Run a command whose standard output (and error) nobody reads; return its exit code and what it said on error."""
    reader, writer = os.pipe()
    os.close(reader)
    errors = writer if both else subprocess.PIPE
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=cwd, stdout=writer, stderr=errors, env=env, text=True, check=False)
    os.close(writer)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(
    "arguments", [("--help",), ("train", "--help"), ("corpora", "list"), ("corpora", "show", "meld"), ("doctor",)]
)
def test_a_reader_that_has_gone_ends_a_command_quietly(arguments: tuple[str, ...], both: bool, tmp_path: Path) -> None:
    """As in `crossmodal doctor | head -1`: no message, no traceback, also not of what Python prints in the end."""
    assert piped(*arguments, cwd=tmp_path, both=both) == (141, "")


def test_an_error_that_nobody_reads_is_no_traceback(tmp_path: Path) -> None:
    assert piped("status", cwd=tmp_path, both=True) == (141, "")
    code, said = piped("status", cwd=tmp_path)
    assert code == 1
    assert said.startswith("Error: params.yaml does not exist")


@pytest.mark.parametrize("arguments", [("--help",), ("corpora", "list")])
def test_output_that_cannot_be_written_is_a_sentence(arguments: tuple[str, ...], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, str(ROOT / "cli.py"), *arguments]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, env=env, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr
