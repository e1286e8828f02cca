"""Commands in processes of their own, without the seconds that imports take.

A command is run as a user runs it, by `cli.main`, in a process forked from one that has imported everything
(`tests.loaded`). It computes in that process alone unless it is given `--workers`.
"""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

Command = tuple[str, ...]
ALONE = {name: {"workers": 0} for name in ("preprocess", "extract", "train", "explain", "predict")}

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

    def __init__(self, folder: Path, commands: Sequence[Command], limits: Callable[[], None] | None = None) -> None:
        self.logs = Path(tempfile.mkdtemp(prefix="said-"))
        arguments = (str(folder), tuple(commands), str(self.logs), {"HF_HUB_OFFLINE": "1"} | os.environ, limits)
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


if __name__ == "__main__":  # `crossmodal` where a program such as DVC calls it
    from cli import main

    main(prog_name="crossmodal", default_map=ALONE)
