"""Worker processes through Dask: a cluster of our own on this machine, or one that is already there."""

import logging
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from pipeline.errors import UserError

Task = TypeVar("Task")
Result = TypeVar("Result")

# One thread a worker, set before anything is imported there: two workers with two threads each are slower than with
# one, and a result must not depend on how many threads summed it up.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "GLOG_minloglevel": "3",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}

# Dask's own workers give every freed block back to the system at once: with arrays of some 100 kB, freed and asked for
# again all the time, a third of the time goes there. Must be set before a worker starts.
_MALLOC = {"MALLOC_TRIM_THRESHOLD_": 1 << 27, "MALLOC_MMAP_THRESHOLD_": 1 << 25}


# Its servers of web pages listen even where no dashboard is wanted: they show nothing, to nobody.
_NO_PAGES: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}


class WorkerLost(Exception):
    """A worker process died on a task that was alone under way (a crash in a library, or out of memory)."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pool:
    """Runs a function over tasks, with as few of them under way as keeps every worker busy.

    Nothing is started before the first `run`; use it as a context manager. Without workers (0) it is this process that
    does the tasks, one after another: for a few clips that is quicker than starting a cluster.
    """

    def __init__(self, workers: int | Literal["auto"] = "auto", scheduler: str | None = None) -> None:
        self.workers = cores() if workers == "auto" else workers
        self.scheduler = scheduler
        self._client: Any = None
        self._cluster: Any = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *error: object) -> None:
        for part in (self._client, self._cluster):
            if part is not None:
                part.close(timeout=10)
        if self._scratch is not None:
            self._scratch.cleanup()

    def run(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result | WorkerLost]]:
        """Yield each task with its result, in the order in which they finish.

        When a worker dies, Dask loses every task that waited there, not only the one that killed it: these are done
        again at the end, one at a time, so that only the guilty one is answered with `WorkerLost`.
        An exception that `work` raises ends the run and is raised here.
        """
        if self.workers == 0:
            os.environ.update(_ENVIRONMENT)
            yield from ((task, work(task)) for task in tasks)
            return
        suspects = []
        for task, result in self._together(work, tasks):
            if isinstance(result, WorkerLost):
                suspects.append(task)
            else:
                yield task, result
        for task in suspects:
            yield from self._together(work, [task])

    def _together(
        self, work: Callable[[Task], Result], tasks: Sequence[Task]
    ) -> Iterator[tuple[Task, Result | WorkerLost]]:
        from distributed import as_completed

        client = self._connect(len(tasks))
        waiting = iter(tasks)
        window = 2 * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
        under_way: dict[Any, Task] = {}
        futures = as_completed()

        def submit() -> None:
            for task in waiting:
                future = client.submit(work, task, pure=False)
                under_way[future.key] = task
                futures.add(future)
                return

        for _ in range(window):
            submit()
        for future in futures:
            task = under_way.pop(future.key)
            yield task, _result(future)
            future.release()
            submit()

    def _connect(self, tasks: int) -> Any:
        if self._client is None:
            logging.getLogger("distributed").setLevel(logging.CRITICAL)
            self._client = self._existing() if self.scheduler else self._local(tasks)
        return self._client

    def _existing(self) -> Any:
        from distributed import Client

        try:
            client = Client(self.scheduler, timeout=10)
            client.wait_for_workers(1, timeout=30)
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(
                f"no Dask cluster with a worker answers at {self.scheduler} ({error or type(error).__name__}): "
                "start one with `dask scheduler` and `dask worker`, or leave --scheduler out"
            ) from error
        return client

    def _local(self, tasks: int) -> Any:
        """Start workers that only this process can talk to.

        Whoever can talk to a scheduler or a worker can run code as its user: all of them listen on the loopback
        interface only, and ask for a certificate whose key exists in these processes alone. The folder that Dask puts
        on the workers' import path is ours: the usual one, in the system's temporary folder, may be another user's.
        """
        import dask
        from distributed import Client, LocalCluster
        from distributed.security import Security

        dask.config.set(
            {
                "distributed.admin.system-monitor.log-length": 1,
                "distributed.comm.timeouts.connect": "60s",
                "distributed.nanny.pre-spawn-environ": _MALLOC,
                "distributed.scheduler.allowed-failures": 0,  # `run` itself tries again, and finds who is guilty
            }
            | _NO_PAGES
        )
        folder = dask.config.get("temporary-directory") or None
        self._scratch = tempfile.TemporaryDirectory(prefix="crossmodal-", dir=folder, ignore_cleanup_errors=True)
        with _without_interrupts(), dask.config.set({"temporary-directory": self._scratch.name}):
            self._cluster = LocalCluster(
                n_workers=max(1, min(self.workers, tasks)),
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                host="127.0.0.1",
                security=Security.temporary(),
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                env=_ENVIRONMENT,
                silence_logs=logging.CRITICAL,
            )
        return Client(self._cluster)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let processes that start now inherit that Ctrl-C is not for them: the head ends them in good order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _result(future: Any) -> Any:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        return WorkerLost("the worker process died on it (a crash in a library, or out of memory)")
