"""The command line: every command has help with an example and is documented; help imports no heavy package."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import SECTIONS, main

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
    assert "..." not in shown.replace("[ARGS]...", "").replace("[CORPUS]...", "")
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
    printed = CliRunner().invoke(main, ["--help"]).output
    assert all(f"\n  {name} " in printed for name in names)


def test_help_imports_no_heavy_package() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from cli import main; CliRunner().invoke(main, ['--help']); "
        "heavy = ('pydantic', 'tqdm', 'numpy', 'pandas', 'torch', 'sklearn', 'cv2', 'av', 'distributed', 'h5py'); "
        "print(*[m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
