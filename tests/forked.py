"""Commands in processes of their own, without the seconds that imports take.

A command is run as a user runs it, by `cli.main`, in a process forked from one that has imported everything
(`tests.loaded`). It computes in that process alone unless it is given `--workers`.
"""

import contextlib
import json
import os
import shutil
import signal
import socketserver
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread

Command = tuple[str, ...]
ALONE = {name: {"workers": 0} for name in ("preprocess", "extract", "train", "report", "explain", "predict")}

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.loaded"])


def _start_server() -> None:
    """Start the process that imports everything, unless it runs; it finds `tests` whatever the working directory."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@dataclass(frozen=True)
class Done:
    """How a process ended (minus the signal that ended it), and what it wrote to standard output and error."""

    code: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """Standard output, then standard error."""
        return self.out + self.err

    @property
    def fault(self) -> str:
        """What no user should meet, or the empty string."""
        if "Traceback" in self.output:
            return "traceback"
        return "" if self.code >= 0 or self.code in (-signal.SIGKILL, -signal.SIGTERM) else "crash"


class Running:
    """Commands under way, one after the other until one fails, in a process of their own."""

    def __init__(
        self,
        folder: Path,
        commands: Sequence[Command],
        limits: Callable[[], None] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.logs = Path(tempfile.mkdtemp(prefix="said-"))
        variables = {"HF_HUB_OFFLINE": "1"} | (os.environ if env is None else env)
        arguments = (str(folder), tuple(commands), str(self.logs), variables, limits)
        _start_server()
        self.process: BaseProcess = _CONTEXT.Process(target=_perform, args=arguments)
        self.process.start()

    def kill(self, number: int) -> None:
        """Send a signal; a process that has ended already is left alone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, number)

    def done(self, seconds: float = 300) -> Done:
        """Wait for the end."""
        self.process.join(seconds)
        late = self.process.is_alive()
        if late:
            self.kill(signal.SIGKILL)
            self.process.join()
        texts = [log.read_text() if (log := self.logs / name).exists() else "" for name in ("out", "err")]
        shutil.rmtree(self.logs)
        done = Done(self.process.exitcode or 0, *texts)
        assert not late, f"still running after {seconds} s:\n{done.output}"
        return done


def _perform(
    folder: str, commands: Sequence[Command], logs: str, env: Mapping[str, str], limits: Callable[[], None] | None
) -> None:
    """Be the process that runs the commands."""
    assert "tests.loaded" in sys.modules, "tests/loaded.py could not be imported"
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{logs}/{name}", os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    from cli import main

    if limits is not None:
        limits()
    for command in commands:
        try:
            main(list(command), prog_name="crossmodal", default_map=ALONE)
        except SystemExit as ended:
            if ended.code:
                os._exit(ended.code if isinstance(ended.code, int) else 1)
        except BaseException:
            traceback.print_exc()
            os._exit(70)
    os._exit(0)


# The `crossmodal` of programs such as DVC: it has the command run by the process of the tests, and ends as that did.
_CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as tests:
    tests.connect({address!r})
    tests.sendall(json.dumps([os.getcwd(), sys.argv[1:], dict(os.environ)]).encode() + b"\\n")
    code, out, err = json.loads(b"".join(iter(lambda: tests.recv(65536), b"")))
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code if code >= 0 else 128 - code)
"""


class _Call(socketserver.StreamRequestHandler):
    """One call of the client: run its command, and answer with the exit code and the output."""

    def handle(self) -> None:
        folder, arguments, env = json.loads(self.rfile.readline())
        done = Running(Path(folder), [tuple(arguments)], env=env).done()
        self.wfile.write(json.dumps([done.code, done.out, done.err]).encode())


def put_crossmodal_into(folder: Path) -> None:
    """Make a folder with a `crossmodal` that other programs can call; it works as long as the tests run."""
    address = f"{tempfile.mkdtemp(prefix='called-')}/socket"
    server = socketserver.ThreadingUnixStreamServer(address, _Call)
    Thread(target=server.serve_forever, daemon=True).start()
    folder.mkdir(exist_ok=True)
    (folder / "crossmodal").write_text(_CLIENT.format(python=sys.executable, address=address))
    (folder / "crossmodal").chmod(0o755)
