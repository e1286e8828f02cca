"""Run tasks on the workers of a crew: a few in flight at a time, and none lost when workers join or leave."""

import queue
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
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
    """Nothing was done: the crew has not checked the process at this address, or the process is gone."""

    address: str = ""


@dataclass
class _Sent:
    """A task in flight: how many times it was sent, to which workers, and since when all of them have been absent."""

    task: Any
    tries: int = 0
    workers: frozenset[str] = frozenset()
    future: Any = None
    alone: float | None = None


class Shift:
    """A run of tasks on the workers of a crew.

    Parameters
    ----------
    client
        A client of the scheduler.
    crew
        The scheduler's workers.
    work
        The function to run on each task; it may return `Unchecked`.
    """

    def __init__(self, client: Any, crew: Crew, work: Callable[[Any], Any]) -> None:
        self._client, self._crew, self._work = client, crew, work
        self._waiting: deque[_Sent] = deque()
        self._under_way: dict[str, _Sent] = {}
        self._lost: list[_Sent] = []
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._manned = time.monotonic()

    def run(self, tasks: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield each task with its result or `WorkerLost`, in the order in which they finish.

        Exceptions of `work` are raised here.

        Raises
        ------
        UserError
            If the scheduler is lost, or all workers are lost and none comes back.
        """
        self._waiting.extend(map(_Sent, tasks))
        while self._waiting or self._under_way or self._lost:
            self._look()
            while self._waiting and len(self._under_way) < _PER_WORKER * len(self._crew.approved):
                self._send(self._waiting.popleft())
            yield from self._finished()

    def _look(self) -> None:
        """Update the crew, and take back tasks if all their workers have been absent for a while."""
        self._crew.look()
        now = time.monotonic()
        if self._crew.approved:
            self._manned = now
        elif now - self._manned > _WORKERS_S:
            raise UserError(
                f"no worker has been left for {_WORKERS_S:g} s ({self._crew.refusal}). What was computed is kept: "
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
                self._work, sent.task, key=key, workers=sorted(sent.workers), allow_other_workers=False, pure=False
            )
        except Exception:
            self._crew.require_scheduler()
            raise
        self._under_way[key] = sent
        sent.future.add_done_callback(self._done.put)

    def _again(self, sent: _Sent) -> None:
        (self._waiting if sent.tries < _TRIES else self._lost).append(sent)

    def _finished(self) -> Iterator[tuple[Any, Any]]:
        while self._lost:
            yield self._lost.pop().task, WorkerLost()
        if not self._under_way:
            time.sleep(0 if self._waiting and self._crew.approved else _TICK_S / 4)
            return
        try:
            future = self._done.get(timeout=_TICK_S)
        except queue.Empty:
            return
        sent = self._under_way.pop(future.key, None)
        if sent is None:  # the task was taken back
            return
        result = self._answer(sent)
        if isinstance(result, Unchecked):
            self._crew.forget(result.address)
            self._again(sent)
        else:
            yield sent.task, result

    def _answer(self, sent: _Sent) -> Any:
        from distributed import KilledWorker

        try:
            return self._fetched(sent)
        except KilledWorker:
            self._crew.forget()
            return WorkerLost()
        except CancelledError:
            raise self._crew.lost() from None
        finally:
            sent.future.release()

    def _fetched(self, sent: _Sent) -> Any:
        """Return the result of a finished task; `Unchecked` if its worker left before the result was fetched."""
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
