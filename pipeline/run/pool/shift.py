"""Run tasks on the workers of a crew; a few are in flight at a time, and none is lost when workers join or leave.

Tasks of several kinds of work may wait at the same time, so that workers have something to do while the results of an
earlier kind are written.
"""

import queue
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import UserError
from pipeline.run.pool.crew import Crew

_PER_WORKER = 2  # tasks in flight per worker: one runs, and one waits
_TICK_S = 1.0
_WORKERS_S = 60.0  # how long a run waits for workers when all have left
_FETCH_S = 2.0  # wait before checking whether the worker that holds a result still exists; doubled each time
_GONE_S = 3.0  # how long the workers of a task must be absent before the task is sent to other workers
_TRIES = 4  # a task that has lost its worker this many times gets the result `WorkerLost`


class WorkerLost(Exception):
    """The worker process that ran a task died (a crash in a library, or out of memory)."""

    def __init__(self) -> None:
        super().__init__("the worker process died (a crash in a library, or out of memory)")


@dataclass(frozen=True)
class Unchecked:
    """Replaces the result of a task whose worker has left, or was not checked by the crew: send the task again."""

    address: str = ""


@dataclass(eq=False)
class Part:
    """Tasks that were given to a shift together, and their results in the order in which they finish.

    Attributes
    ----------
    work
        The function to run on each task. If it returns `Unchecked`, the task is sent again.
    left
        The number of tasks without a result.
    found
        Tasks with their results, which nobody has taken yet; an exception of `work` is a result, too.
    wanted
        Whether somebody still takes results.
    """

    work: Callable[[Any], Any]
    left: int
    wanted: bool = True
    found: deque[tuple[Any, Any]] = field(default_factory=deque)

    def give(self, task: Any, result: Any) -> None:
        """Add the result of a task."""
        self.left -= 1
        self.found.append((task, result))


@dataclass(frozen=True)
class _Raised:
    """The result of a task that raised an exception."""

    error: BaseException


@dataclass(eq=False)
class _Sent:
    """A task in flight: how many times it was sent, to which workers, and since when all of them have been absent."""

    task: Any
    part: Part
    tries: int = 0
    workers: frozenset[str] = frozenset()
    future: Any = None
    alone: float | None = None


class Shift:
    """The tasks of a pool, which are sent in the order in which they were added.

    Parameters
    ----------
    client
        A client of the scheduler.
    crew
        The scheduler's workers.
    """

    def __init__(self, client: Any, crew: Crew) -> None:
        self._client, self._crew = client, crew
        self._waiting: deque[_Sent] = deque()
        self._under_way: dict[str, _Sent] = {}
        self._lost: list[_Sent] = []
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._manned = time.monotonic()

    def add(self, work: Callable[[Any], Any], tasks: Sequence[Any]) -> Part:
        """Add tasks behind those that wait already, and send as many as the workers have room for."""
        if not self._waiting and not self._under_way:
            self._manned = time.monotonic()
        part = Part(work, len(tasks))
        self._waiting.extend(_Sent(task, part) for task in tasks)
        self.advance()
        return part

    def advance(self) -> None:
        """Take finished tasks and send waiting ones, without waiting; errors are left for `results` to raise."""
        if not (self._waiting or self._under_way):
            return
        with suppress(UserError):  # the scheduler or all workers are lost: `results` finds that out as well
            self._look()
            while self._take(timeout_s=None):
                pass
            self._fill()

    def results(self, part: Part) -> Iterator[tuple[Any, Any]]:
        """Yield each task of a part with its result or `WorkerLost`, in the order in which they finish.

        Exceptions of `work` are raised here. If the caller takes no more results, the other tasks of the part are
        not run.

        Raises
        ------
        UserError
            If the scheduler is lost, or all workers are lost and none comes back.
        """
        try:
            while part.left or part.found:
                while part.found:
                    task, result = part.found.popleft()
                    if isinstance(result, _Raised):
                        raise result.error
                    yield task, result
                if part.left:
                    self._turn()
        finally:
            self._drop(part)

    def alone(self, work: Callable[[Any], Any], task: Any) -> Iterator[tuple[Any, Any]]:
        """Yield a task with its result, as `results` does; no other task is in flight meanwhile."""
        waiting, self._waiting = self._waiting, deque()
        try:
            while self._under_way or self._waiting:
                self._turn()
            yield from self.results(self.add(work, [task]))
        finally:
            self._waiting.extend(waiting)

    def _turn(self) -> None:
        """Send the tasks that the workers have room for, and wait a moment for a result."""
        self._look()
        self._fill()
        if self._lost:
            sent = self._lost.pop()
            sent.part.give(sent.task, WorkerLost())
        elif self._under_way:
            self._take(_TICK_S)
        else:
            time.sleep(0 if self._waiting and self._crew.approved else _TICK_S / 4)

    def _fill(self) -> None:
        while self._waiting and len(self._under_way) < _PER_WORKER * len(self._crew.approved):
            sent = self._waiting.popleft()
            if sent.part.wanted:
                self._send(sent)

    def _look(self) -> None:
        """Update the crew, and take back tasks if all their workers have been absent for a while."""
        self._crew.look()
        now = time.monotonic()
        if self._crew.approved:
            self._manned = now
        elif now - self._manned > _WORKERS_S:
            raise UserError(
                f"there has been no worker for {_WORKERS_S:g} s ({self._crew.refusal}). What was computed is kept: "
                "start workers, and run the same command again to continue"
            )
        for key, sent in list(self._under_way.items()):
            if sent.workers & self._crew.approved or sent.future.done():
                sent.alone = None
            elif sent.alone is None:
                sent.alone = now
            elif now - sent.alone > _GONE_S:
                del self._under_way[key]
                sent.future.cancel()
                self._again(sent)

    def _send(self, sent: _Sent) -> None:
        sent.tries, sent.alone, sent.workers = sent.tries + 1, None, frozenset(self._crew.approved)
        key = f"crossmodal-{secrets.token_hex(8)}"
        try:
            sent.future = self._client.submit(
                sent.part.work, sent.task, key=key, workers=sorted(sent.workers), allow_other_workers=False, pure=False
            )
        except Exception:
            self._waiting.appendleft(sent)
            self._crew.require_scheduler()
            raise
        self._under_way[key] = sent
        sent.future.add_done_callback(self._done.put)

    def _again(self, sent: _Sent) -> None:
        (self._waiting if sent.tries < _TRIES else self._lost).append(sent)

    def _take(self, timeout_s: float | None) -> bool:
        """Take one finished task; return whether there was one within the timeout (None: do not wait)."""
        try:
            future = self._done.get(block=timeout_s is not None, timeout=timeout_s)
        except queue.Empty:
            return False
        sent = self._under_way.pop(future.key, None)
        if sent is None:  # the task was taken back
            return True
        try:
            result = self._answer(sent)
        except Exception as error:
            self._crew.require_scheduler()
            result = _Raised(error)
        if isinstance(result, Unchecked):
            self._crew.forget(result.address)
            self._again(sent)
        else:
            sent.part.give(sent.task, result)
        return True

    def _drop(self, part: Part) -> None:
        """Do not run the tasks of a part that have no result yet; the result of one that is running is discarded."""
        part.wanted = False
        for key in [key for key, sent in self._under_way.items() if sent.part is part]:
            self._under_way.pop(key).future.release()

    def _answer(self, sent: _Sent) -> Any:
        from distributed import KilledWorker
        from distributed.comm import CommClosedError

        try:
            return self._fetched(sent)
        except KilledWorker:
            self._crew.forget()
            return WorkerLost()
        except (CancelledError, CommClosedError):  # results come through the scheduler
            raise self._crew.lost() from None
        finally:
            sent.future.release()

    def _fetched(self, sent: _Sent) -> Any:
        """Return the result of a finished task, or `Unchecked` if its worker left before the result was fetched."""
        wait = _FETCH_S
        while True:
            try:
                return sent.future.result(timeout=wait)
            except TimeoutError:
                if sent.future.status == "error":  # raised by the task itself
                    raise
            self._crew.look()
            if not sent.future.done() and not sent.workers & self._crew.approved:
                return Unchecked()
            wait *= 2
