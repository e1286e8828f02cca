"""What all commands share: what they print, and how they end."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from features.store import Entry, feature_schema, write_store
from pipeline.commands.common import echo
from pipeline.exchange.bundle import item_of
from tests.conftest import ROOT, invoke
from tests.test_cli import ALL

HOSTILE = "x\x1b]0;owned\x07\x9b2J\u202e\u2028\ry"


@pytest.mark.parametrize("err", [False, True])
def test_printed_text_cannot_control_the_terminal(capsys, err):
    echo(f"größe 語 עברית 👩\u200d🔬\t{HOSTILE}\nz", err=err)
    printed = getattr(capsys.readouterr(), "err" if err else "out")
    assert printed == "größe 語 עברית 👩\u200d🔬\tx\\u001b]0;owned\\u0007\\u009b2J\\u202e\\u2028\\u000dy\nz\n"


def test_the_command_line_prints_in_one_place_only():
    source = "".join(
        path.read_text(encoding="utf-8") for path in [ROOT / "cli.py", *(ROOT / "pipeline/commands").glob("*.py")]
    )
    assert source.count("click.echo(") == 1
    assert "print(" not in source.replace("printable(", "")


def test_control_characters_in_errors_and_stores_are_printed_as_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    items = [item_of(HOSTILE, Entry("absent", HOSTILE))]
    attributes = {"name": HOSTILE, "kind": "features", "feature_names": [HOSTILE], "pooled_names": [HOSTILE]}
    write_store(tmp_path / "s.h5", feature_schema(1, 1), attributes, items)
    (tmp_path / "params.yaml").write_text(f'corpora: {{"a": {json.dumps(HOSTILE)}}}\n')
    for arguments in (("features", "show", "s.h5"), ("status", "--corpus", "a"), ("features", "show", HOSTILE)):
        printed = invoke(*arguments).output
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028]", printed), arguments
        assert "u001b" in printed or r"\x1b" in printed, arguments


def piped(*arguments: str, cwd: Path, both: bool = False) -> tuple[int, str]:
    """Run a command whose standard output (and error) nobody reads; return its exit code and its error output."""
    reader, writer = os.pipe()
    os.close(reader)
    errors = writer if both else subprocess.PIPE
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=cwd, stdout=writer, stderr=errors, env=env, text=True, check=False)
    os.close(writer)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("arguments", [("--help",), ("corpora", "list")])
def test_a_command_ends_quietly_when_its_reader_is_gone(arguments: tuple[str, ...], both: bool, tmp_path: Path) -> None:
    """As in `crossmodal corpora list | head -1`: no message, and no traceback, not even when Python ends."""
    assert piped(*arguments, cwd=tmp_path, both=both) == (141, "")


# Runs every line of its input as a command whose standard output is a pipe that nobody reads, each in a process of its
# own that ends as Python ends; prints the exit code and the error output of each. What commands import is imported
# once, before the first line that is no help: a process with all that also takes longer to end.
UNREAD = """
import gc, json, os, sys
import cli
found = {}
for line in sys.stdin.read().splitlines():
    if "--help" not in line:
        from pipeline.evaluation import compare, printing
        from pipeline.inspection import cleaning, overview, status, validate
    reader, writer = os.pipe()
    os.close(reader)
    errors_r, errors_w = os.pipe()
    sys.stdout.flush()
    gc.freeze()
    if not (child := os.fork()):
        os.dup2(writer, 1)
        os.dup2(errors_w, 2)
        for end in (writer, errors_r, errors_w):
            os.close(end)
        cli.main(line.split(), prog_name="crossmodal")
    os.close(writer)
    os.close(errors_w)
    with os.fdopen(errors_r) as errors:
        said = errors.read()
    found[line] = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said]
print(json.dumps(found))
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_every_command_ends_quietly_when_its_output_is_not_read(unbuffered: str, here: Path) -> None:
    """As in `crossmodal ... | head -1`: the help of every command, and what those that print facts find."""
    lines = [" ".join([*path, "--help"]) for path in [(), *ALL]] + ["--version", "status", "validate c", "settings"]
    lines += ["evaluate --show", "features list", "features show data/work/c/features/vader.h5", "corpora show meld"]
    lines += [
        "compare unimodal:text majority",
        "models list",
        "status --json",
        "cache gc --yes",
        "features list --json",
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-P", "-c", UNREAD]
    done = subprocess.run(
        command, cwd=here, input="\n".join(lines), env=env, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert list(found) == lines
    assert {line: ended for line, ended in found.items() if ended != [141, ""]} == {}


def test_an_error_that_nobody_reads_causes_no_traceback(tmp_path: Path) -> None:
    assert piped("status", cwd=tmp_path, both=True) == (141, "")
    code, printed = piped("status", cwd=tmp_path)
    assert code == 1
    assert printed.startswith("Error: params.yaml does not exist")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("--help",), ("corpora", "list")])
def test_an_error_in_writing_the_output_is_one_sentence(
    arguments: tuple[str, ...], unbuffered: str, tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, str(ROOT / "cli.py"), *arguments]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(
            command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, env=env, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Error: the output cannot be written: No space left on device")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_a_closed_terminal_end_a_command_like_ctrl_c(number: signal.Signals, here: Path) -> None:
    (here / "slow.py").write_text("import pathlib, time\npathlib.Path('started').touch()\ntime.sleep(100)\n")
    params = here / "params.yaml"
    params.write_text(params.read_text().replace("workers: 1", "workers: 1, plugins: [slow.py]"))
    command, env = [sys.executable, str(ROOT / "cli.py"), "status"], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=here, env=env, stderr=subprocess.PIPE, text=True) as process:
        while not (here / "started").exists():
            time.sleep(0.05)
        process.send_signal(number)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped. What was computed is kept" in error


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_what_is_printed_on_a_closed_stream_is_not_written_into_a_file(closed: tuple[int, ...], here: Path) -> None:
    (here / "says.py").write_text(
        "import os, sys\nfile = open('store', 'wb')\nos.write(1, b'to 1')\nos.write(2, b'2')\nsys.stderr.write('2')\n"
    )
    params = here / "params.yaml"
    params.write_text(params.read_text().replace("workers: 1", "workers: 1, plugins: [says.py]"))
    command, env = [sys.executable, str(ROOT / "cli.py"), "settings"], {**os.environ, "PYTHONPATH": str(ROOT)}
    close = lambda: [os.close(number) for number in closed]  # noqa: E731
    null = subprocess.DEVNULL
    done = subprocess.run(command, cwd=here, env=env, preexec_fn=close, check=False, stdout=null, stderr=null)
    assert done.returncode == 0
    assert (here / "store").read_bytes() == b""


def test_closed_streams_lead_nowhere_in_child_processes_and_questions_too() -> None:
    code = (
        "import os, subprocess, sys; from pipeline.commands.common import _open_missing_streams as opened; opened()\n"
        "children = [subprocess.check_output(['readlink', f'/proc/self/fd/{n}'], text=True) for n in (0, 2)]\n"
        "print(*map(str.strip, children), repr(sys.stdin.read()))"
    )
    close, env = lambda: [os.close(0), os.close(2)], {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, preexec_fn=close, check=True, stdout=subprocess.PIPE)
    assert done.stdout == b"/dev/null /dev/null ''\n"


def test_an_error_on_a_full_disk_names_the_file_and_keeps_the_old_ones(here: Path) -> None:
    """A limit on file sizes stands in for the full disk."""
    before = {p: p.read_bytes() for p in sorted((here / "results").rglob("*")) if p.is_file()}
    command, env = [sys.executable, str(ROOT / "cli.py"), "evaluate"], {**os.environ, "PYTHONPATH": str(ROOT)}
    small = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # noqa: E731
    run = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, preexec_fn=small, check=False)
    assert run.returncode == 1
    assert re.search(r"results/c/\w+\.(csv|json): File too large", run.stderr)
    assert "Traceback" not in run.stderr
    assert {p: p.read_bytes() for p in sorted((here / "results").rglob("*")) if p.is_file()} == before
