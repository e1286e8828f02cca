"""Run a few tasks in copies of this process, which takes less time than starting workers.

A copy has loaded everything that this process has, so it starts at once; if it crashes, this process goes on. Copying
is possible on Linux, as long as this process has not loaded a library whose threads a copy would lack.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

_THREADED = {"torch", "mediapipe"}
_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def possible() -> bool:
    """Whether this process can be copied."""
    return sys.platform == "linux" and not _THREADED & sys.modules.keys()


class Copies:
    """Copies of this process, which begin to run the tasks immediately.

    Parameters
    ----------
    work
        The function to run on each task.
    tasks
        The tasks; neighbours are run by different copies.
    most
        The largest number of copies.
    environment
        Environment variables of the copies.
    """

    def __init__(
        self, work: Callable[[Any], Any], tasks: Sequence[Any], most: int, environment: Mapping[str, str]
    ) -> None:
        self._running: dict[Connection, tuple[Any, list[Any]]] = {}
        for own in (list(tasks[first::most]) for first in range(min(most, len(tasks)))):
            answers, given = multiprocessing.Pipe(duplex=False)
            arguments = (work, own, given, os.getpid(), environment)
            copy = multiprocessing.get_context("fork").Process(target=_run, args=arguments, daemon=True)
            copy.start()
            given.close()
            self._running[answers] = copy, own

    def results(self) -> Iterator[tuple[Any, Any, bool]]:
        """Yield each task with its result and True; or with None and False if its copy died before there was a result.

        An exception that the function raised is raised here.
        """
        try:
            while self._running:
                for answers in wait(list(self._running)):
                    yield from self._received(answers)  # type: ignore[arg-type]
        finally:
            for answers, (copy, _) in self._running.items():
                copy.kill()
                copy.join()
                answers.close()

    def _received(self, answers: Connection) -> Iterator[tuple[Any, Any, bool]]:
        """Yield the next answer of a copy; if it has ended, yield the tasks without an answer."""
        copy, left = self._running[answers]
        try:
            result, error = answers.recv()
        except (EOFError, OSError):
            del self._running[answers]
            copy.join()
            answers.close()
            yield from ((task, None, False) for task in left)
            return
        if error is not None:
            raise error
        yield left.pop(0), result, True


def _run(
    work: Callable[[Any], Any], tasks: Sequence[Any], given: Connection, parent: int, environment: Mapping[str, str]
) -> None:
    """Run tasks in a copy, which ends when its parent does, and leaves Ctrl-C to it."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.environ.update(environment)
    for task in tasks:
        result, raised = None, None
        try:
            result = work(task)
        except Exception as error:
            raised = error
        try:
            given.send((result, raised))
        except Exception:  # what cannot be sent is computed by a worker, and reported there
            os._exit(1)
