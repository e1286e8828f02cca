"""Run a few tasks in copies of this process, which takes less time than starting workers.

A copy has loaded everything that this process has, so it starts at once; if it crashes, this process goes on. Copying
is possible on Linux, as long as this process has not loaded a library whose threads a copy would lack.
"""

import fcntl
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

# Libraries that start threads of their own, other than those of OpenBLAS and OpenMP: a copy that uses them would wait
# for ever, or crash.
_THREADED = {"torch", "mediapipe", "tensorflow", "jax", "onnxruntime", "ctranslate2", "cv2"}
_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>
_PAUSE_S = 0.02  # between two attempts to take a turn
_SHORT = 8192  # bytes of an answer; a pipe holds several such answers, even if nobody reads them yet


def possible() -> bool:
    """Whether this process can be copied."""
    return sys.platform == "linux" and not _THREADED & sys.modules.keys()


class Turns:
    """Lets only some of all copies run at the same time; the others wait before they load anything.

    A copy holds a lock on one byte of a file in memory, which the system releases however the copy ends.

    Parameters
    ----------
    most
        The largest number of copies that run at the same time.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._file = os.fdopen(os.memfd_create("turns"), "rb+")

    def take(self) -> None:
        """Wait for a turn, and keep it until this process ends or gives it back."""
        while not any(self._taken(place) for place in range(self.most)):
            time.sleep(_PAUSE_S)

    def _taken(self, place: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def give_back(self) -> None:
        """Let another copy run."""
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file that holds the locks; process copies that already run keep it open."""
        self._file.close()


class Copies:
    """Copies of this process, which run the tasks as soon as it is their turn.

    Parameters
    ----------
    work
        The function to run on each task.
    tasks
        The tasks; neighbours are run by different copies.
    turns
        Limits how many copies run at the same time. Copies for other tasks count if they share this object.
    environment
        Environment variables of the copies.

    Raises
    ------
    OSError
        If the system allows no further process, pipe or file.
    """

    def __init__(
        self, work: Callable[[Any], Any], tasks: Sequence[Any], turns: Turns, environment: Mapping[str, str]
    ) -> None:
        self._running: dict[Connection, tuple[Any, list[Any]]] = {}
        try:
            for own in (list(tasks[first :: turns.most]) for first in range(min(turns.most, len(tasks)))):
                self._start(own, (work, own, turns, os.getpid(), environment))
        except BaseException:
            self.close()
            raise

    def _start(self, tasks: list[Any], arguments: tuple[Any, ...]) -> None:
        answers, given = multiprocessing.Pipe(duplex=False)
        copy = multiprocessing.get_context("fork").Process(target=_run, args=(given, *arguments), daemon=True)
        try:
            copy.start()
        except BaseException:
            answers.close()
            raise
        finally:
            given.close()
        self._running[answers] = copy, tasks

    def results(self) -> Iterator[tuple[Any, Any, bool]]:
        """Yield (task, result, True) for each task, or (task, None, False) if the process copy that had it died.

        An exception that the task's function raised is raised here.
        """
        try:
            while self._running:
                for answers in wait(list(self._running)):
                    yield from self._received(answers)  # type: ignore[arg-type]
        finally:
            self.close()

    def close(self) -> None:
        """End all copies; what they have not finished is lost."""
        while self._running:
            self._end(next(iter(self._running)))

    def _end(self, answers: Connection) -> None:
        copy, _ = self._running.pop(answers)
        copy.kill()
        copy.join()
        answers.close()

    def _received(self, answers: Connection) -> Iterator[tuple[Any, Any, bool]]:
        """Yield the next task of a process copy with its result, or raise the task's error.

        If nothing can be read, for example because the copy died, yield each of its unfinished tasks without a result.
        """
        _, left = self._running[answers]
        try:
            result, error = answers.recv()
        except Exception:  # the end of the pipe, or an error that cannot be read: a worker reports it
            self._end(answers)
            yield from ((task, None, False) for task in left)
            return
        if error is not None:
            raise error
        yield left.pop(0), result, True


def _run(
    given: Connection,
    work: Callable[[Any], Any],
    tasks: Sequence[Any],
    turns: Turns,
    parent: int,
    environment: Mapping[str, str],
) -> None:
    """Run tasks in a copy of a process; the copy ignores Ctrl-C, and ends when that process ends."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.environ.update(environment)
    running = False
    for task in tasks:
        if not running:
            turns.take()
        running, result, raised = True, None, None
        try:
            result = work(task)
        except Exception as error:
            raised = error
        try:
            answer = ForkingPickler.dumps((result, raised))
            if len(answer) > _SHORT:  # sending it may last until this process's parent has read others' answers
                turns.give_back()
                running = False
            given.send_bytes(answer)
        except Exception:  # what cannot be sent is computed by a worker, and reported there
            os._exit(1)
