"""Every command that a page, a help text or a message shows can be typed as it is written; the cheap ones are run."""

import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import main
from features.weights import models_folder
from pipeline.evaluation.compare import find_configuration
from pipeline.settings.params import load_params
from pipeline.training.configurations import plan_configurations

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = ("", "sh", "bash", "console")  # languages of fenced blocks that hold commands
CHEAP = ("corpora list", "corpora show", "features list", "settings", "add-corpus", "cache gc", "status", "models list")


def blocks(text: str) -> Iterator[str]:
    """Yield the fenced blocks of a page that hold shell commands, continued lines joined."""
    for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        if language in SHELL:
            yield block.replace("\\\n", " ")


def shell_commands(text: str) -> list[list[str]]:
    """Return the words of each command in the fenced blocks of a page."""
    found = []
    for line in (line for block in blocks(text) for line in block.splitlines()):
        if re.match(r" *(crossmodal|make|python|dvc|pip)\b", line):
            words = shlex.split(line, comments=True)
            ends = [i for i, word in enumerate(words) if word in ("&&", ";", "|")]
            starts = [0, *(end + 1 for end in ends)]
            found += [words[a:b] for a, b in zip(starts, [*ends, len(words)], strict=True)]
    return found


def mentions(text: str) -> list[list[str]]:
    """Return the words of each `crossmodal ...` in running text, without what its output is piped into."""
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    found = [shlex.split(" ".join(own.split())) for own in re.findall(r"`(crossmodal\s[^`]+)`", prose)]
    return [words[: words.index("|")] if "|" in words else words for words in found]


def all_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))


def examples() -> dict[str, list[str]]:
    """Return the example in the help of each command."""
    found = {}
    for path, command in [((), main), *all_commands(main)]:
        example = re.search(r"Example: (crossmodal .*?)(?:\n\n|\Z)", command.help or "", re.DOTALL)
        assert example, f"{path} has no example"
        found[" ".join(path) or "crossmodal"] = shlex.split(" ".join(example[1].split()))
    return found


WRITTEN = sorted({tuple(c) for p in PAGES for c in shell_commands(p.read_text()) if c[0] == "crossmodal"})
MENTIONED = sorted({tuple(c) for p in PAGES for c in mentions(p.read_text())})
EXAMPLES = examples()


def resolved(words: list[str]) -> tuple[click.Command, list[str], str]:
    """Return the command that words name, the words after its name, and its name."""
    command: click.Command = main
    names, rest = [], words[1:]
    while isinstance(command, click.Group) and rest and rest[0] not in ("-h", "--help", "--version"):
        assert rest[0] in command.commands, f"there is no command {' '.join([*names, rest[0]])}"
        command, names, rest = command.commands[rest[0]], [*names, rest[0]], rest[1:]
    return command, rest, " ".join(names)


def parse(words: list[str]) -> None:
    """Parse a command as the command line does, without running it; a mistake is an exception of click."""
    command, rest, name = resolved(words)
    with command.make_context(name, list(rest)):
        pass


def options_of(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


def test_commands_are_found_on_the_pages() -> None:
    assert len(WRITTEN) > 40
    assert len(MENTIONED) > 30
    text = "```\ncrossmodal a \\\n  --b 1  # c\nmake e && crossmodal f\n```\n```python\ncrossmodal g\n```"
    assert shell_commands(text) == [["crossmodal", "a", "--b", "1"], ["make", "e"], ["crossmodal", "f"]]


@pytest.mark.parametrize("words", WRITTEN, ids=" ".join)
def test_a_command_of_a_page_can_be_typed_as_it_is_written(words: tuple[str, ...]) -> None:
    parse(list(words))


@pytest.mark.parametrize("words", MENTIONED, ids=" ".join)
def test_a_command_in_running_text_exists_with_its_options(words: tuple[str, ...]) -> None:
    command, rest, _ = resolved(list(words))
    given = {word.partition("=")[0] for word in rest if word.startswith("-")}
    assert given - {"-h", "--help"} <= options_of(command)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_in_a_help_text_can_be_typed_as_it_is_written(name: str) -> None:
    parse(EXAMPLES[name])


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "crossmodal"])
def test_the_example_in_a_help_text_is_of_that_command(name: str) -> None:
    assert resolved(EXAMPLES[name])[2].startswith(name)


def test_a_wrong_command_would_be_found() -> None:
    for line in ("crossmodal trian", "crossmodal corpora shwo meld"):
        with pytest.raises(AssertionError, match="there is no command"):
            parse(shlex.split(line))
    for line in (
        "crossmodal train --corpora x",
        "crossmodal predict a.mp4",
        "crossmodal add-corpus x --root y --folds 1",
    ):
        with pytest.raises(click.UsageError):
            parse(shlex.split(line))


def test_messages_name_commands_that_there_are() -> None:
    shown = re.compile(r"[`:] ?crossmodal ([a-z][a-z-]*)(?: ([a-z]+))?")
    for path in [ROOT / "cli.py", *(ROOT / "pipeline").rglob("*.py"), *(ROOT / "features").rglob("*.py")]:
        for name, second in shown.findall(path.read_text(encoding="utf-8")):
            assert name in main.commands, f"{path}: {name}"
            group = main.commands[name]
            assert not isinstance(group, click.Group) or not second or second in group.commands, (
                f"{path}: {name} {second}"
            )


def test_no_message_says_that_a_file_be_deleted() -> None:
    """It may be the user's only copy, or no file of ours; a stage writes its own files anew anyway."""
    folders = [ROOT / name for name in ("pipeline", "features", "models", "common")]
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        found = re.search(
            r"\b(delete|remove) (it and|it;|it, so|that file|the file|this file)", path.read_text("utf-8")
        )
        assert found is None, f"{path}: {found}"


ROWS = re.compile(r"[a-z_]+:[a-z+]+(?::\w+)?$")


def test_rows_of_a_table_in_examples_name_one_row_each_of_the_demo() -> None:
    params = load_params(ROOT / "params.yaml")
    rows = plan_configurations(params.train, params.corpus("demo").modalities)
    shown = [w for words in (*WRITTEN, *MENTIONED, *map(tuple, EXAMPLES.values())) for w in words if ROWS.match(w)]
    assert len(shown) >= 5
    for spec in shown:
        assert find_configuration(spec, rows) in rows, spec


def test_other_programs_of_the_pages_are_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for words in shell_commands(page.read_text()):
            if words[0] == "make":
                assert set(words[1:]) - {w for w in words if "=" in w} <= targets, (page, words)
            if words[:2] == ["python", "-m"]:
                assert words[2] == "pip" or find_spec(words[2]) is not None, (page, words)


def cheap(words: tuple[str, ...]) -> bool:
    name = resolved(list(words))[2]
    return name in CHEAP and not {"NAME", "FILE"} & set(words) and (name != "add-corpus" or "--root" in words)


RUN = sorted({w for w in (*WRITTEN, *MENTIONED, *map(tuple, EXAMPLES.values())) if cheap(w)})


@pytest.mark.parametrize("words", RUN, ids=" ".join)
def test_what_a_page_shows_and_costs_little_runs(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder with the committed settings, and with an empty folder where a corpus is expected."""
    work = tmp_path / "home" / "work"
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    monkeypatch.setenv("CROSSMODAL_MODELS", str(models_folder()))  # before they are looked for in another home
    monkeypatch.setenv("HOME", str(work.parent))
    (work / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    expanded = [str(Path(word).expanduser()) for word in words]
    if "--root" in expanded:
        Path(expanded[expanded.index("--root") + 1]).mkdir(parents=True, exist_ok=True)
    done = CliRunner().invoke(main, expanded[1:])
    assert done.exit_code == 0, done.output
    if expanded[1] == "add-corpus":
        assert expanded[2] in load_params(work / "params.yaml").corpora
