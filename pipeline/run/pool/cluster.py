"""Run functions on Dask workers, of a cluster started on this machine or of an existing one."""

import logging
import math
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from common.signals import delayed
from common.threads import ENVIRONMENT
from pipeline.errors import UserError
from pipeline.run.pool import forked
from pipeline.run.pool import tasks as listed
from pipeline.run.pool.crew import Crew
from pipeline.run.pool.fingerprint import is_known
from pipeline.run.pool.forked import Copies, Turns
from pipeline.run.pool.scheduler import connect
from pipeline.run.pool.scratch import private_folder
from pipeline.run.pool.shift import Part, Shift, Unchecked, WorkerLost

Task = TypeVar("Task")
Result = TypeVar("Result")

# One thread per worker, set before anything is imported there: two workers with two threads each are slower than two
# workers with one, and a sum must not depend on the number of threads. The other variables silence MediaPipe's log.
_ENVIRONMENT = {**ENVIRONMENT, "GLOG_minloglevel": "3", "TF_CPP_MIN_LOG_LEVEL": "3"}

# A process started by `python -c` imports from the working directory first, so a file `socket.py` there would run in
# every worker. This must be set before a worker starts. Dask leaves it set, so it is restored afterwards.
_SAFE_PATH = {"PYTHONSAFEPATH": "1"}
_SAFE_PATH_HERE = os.environ.get("PYTHONSAFEPATH")

# By default, Dask's workers return every freed block to the system at once. With arrays of about 100 kB that are
# allocated and freed all the time, this takes a third of the run time. This must be set before a worker starts.
MALLOC = {"MALLOC_TRIM_THRESHOLD_": 1 << 27, "MALLOC_MMAP_THRESHOLD_": 1 << 25}


START_S = 10.0  # roughly the time until two workers have started and imported the libraries of a fit

# Dask's web servers listen even without a dashboard, so they are given no pages to serve.
# Nobody reads what Dask measures about itself: its loops 50 times a second, its processes twice a second, and what its
# workers do 100 times a second, of which it also keeps a record of every second.
QUIET = {
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.worker.profile.enabled": False,
}
_NO_PAGES: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pool:
    """Runs a function over tasks, with only as many tasks in flight as keep all workers busy.

    Use it as a context manager. Nothing is started before the first `run`. With 0 workers, this process runs the tasks
    one after another, which is quicker than starting a cluster for a few clips.

    Parameters
    ----------
    workers
        The largest number of processes to start: ``auto`` for one per core, 0 for none.
    scheduler
        Address of a Dask scheduler. Its workers are used, and no processes are started. If `workers` is 0, the
        scheduler is ignored.
    plugins
        The user's plugins. Workers must have the same plugins, code, libraries and files as this process.
    """

    def __init__(
        self, workers: int | Literal["auto"] = "auto", scheduler: str | None = None, plugins: tuple[str, ...] = ()
    ) -> None:
        self.workers = cores() if workers == "auto" else workers
        self.scheduler = scheduler
        self._plugins = plugins
        self._client: Any = None
        self._cluster: Any = None
        self._crew: Crew | None = None
        self._shift: Shift | None = None
        self._turns: Turns | None = None
        self._scratch = ExitStack()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *error: object) -> None:
        for part in (self._client, self._cluster):
            if part is not None:
                with suppress(OSError, TimeoutError):  # a scheduler that is gone cannot be notified
                    part.close(timeout=10)
        self._scratch.close()
        _restore_safe_path()

    @property
    def started(self) -> bool:
        """Whether workers are running or a scheduler's workers are in use, so that further work needs no start-up."""
        return self._client is not None

    @property
    def can_copy(self) -> bool:
        """Whether copies of this process can run a few tasks: no workers are in use, and copying is possible."""
        return self.workers > 0 and not self.scheduler and not self.started and forked.possible()

    def size(self) -> int:
        """Return how many tasks can run at the same time; for an existing cluster, the number of usable workers."""
        if self.scheduler and self.workers:
            return len(self._ready(1).approved)
        return max(1, self.workers)

    def run(
        self,
        work: Callable[[Task], Result],
        tasks: Sequence[Task],
        expected_s: float = math.inf,
        *,
        few: bool = False,
    ) -> Iterator[tuple[Task, Result | WorkerLost]]:
        """Give tasks to the workers, and return an iterator over each task with its result, in the order of finishing.

        Tasks of several calls wait in one queue, so that workers have something to do while this process handles the
        results of an earlier call (see `advance`). If no worker has been started yet, and all tasks together are
        expected to take less time than starting workers, this process runs each task when its result is requested. With
        `few`, copies of this process run the tasks if `can_copy` is true.

        When a worker dies, Dask loses all tasks that waited there, not only the one that killed it. These tasks are run
        again at the end, one at a time, so that only a task that kills its worker gets `WorkerLost` as its result.
        An exception in `work` ends the run and is raised by the iterator.

        Raises
        ------
        UserError
            If no cluster can be started or reached, if no worker can be used, or if the scheduler is lost.
        ValueError
            If `work` is not one of the functions that run on workers (`pipeline.run.pool.tasks`).
        """
        listed.require_listed(work)
        if self.workers == 0 or (expected_s < START_S and not self.scheduler and not self.started):
            os.environ.update(_ENVIRONMENT)
            return ((task, work(task)) for task in tasks)
        if few and self.can_copy:
            return self._in_copies(work, self._copied(work, tasks))
        crew = self._ready(len(tasks))
        there = partial(_in_folder, work, str(Path.cwd()), crew.pool)
        if self._shift is None:
            self._shift = Shift(self._client, crew)
        return _results(self._shift, self._shift.add(there, tasks))

    def _copied(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Copies:
        """Start copies of this process that run the tasks; at most `workers` copies of a pool run at the same time."""
        with _starting():
            if self._turns is None:
                self._turns = self._scratch.enter_context(closing(Turns(self.workers)))
            return self._scratch.enter_context(closing(Copies(work, tasks, self._turns, _ENVIRONMENT)))

    def _in_copies(self, work: Callable[[Task], Result], copies: Copies) -> Iterator[tuple[Task, Result | WorkerLost]]:
        """Yield each task with its result from the copies; tasks that a copy left when it died are given to workers."""
        lost = []
        for task, result, there in copies.results():
            if there:
                yield task, result
            else:
                lost.append(task)
        if lost:
            yield from self.run(work, lost)

    def advance(self) -> None:
        """Give waiting tasks to workers that have finished others; to be called now and then during long work."""
        if self._shift is not None:
            self._shift.advance()

    def _ready(self, tasks: int) -> Crew:
        """Start workers if needed, at most one per task, and return the crew; raise `UserError` if all are refused."""
        if self._client is None:
            logging.getLogger("distributed").setLevel(logging.CRITICAL)
            self._client = connect(self.scheduler) if self.scheduler else self._local(tasks)
        elif self._cluster is not None:
            self._grow(min(self.workers, tasks))
        if self._crew is None:
            self._crew = Crew(self._client, self._plugins)
        self._crew.look()
        if self._crew.all_refused:
            raise UserError(f"no worker can be used. {self._crew.refusal}")
        return self._crew

    def _grow(self, workers: int) -> None:
        if workers > len(self._cluster.workers):
            with _starting():
                self._cluster.scale(workers)
                self._client.wait_for_workers(workers, timeout=60)

    def _local(self, tasks: int) -> Any:
        """Start workers that only this process can connect to.

        Anyone who can connect to a scheduler or a worker can run code as its user. Therefore, the scheduler and all
        workers listen on the loopback interface only, and require a certificate that only they hold. The folder that
        Dask puts on the workers' import path is private, because the default folder, in the system's temporary folder,
        may belong to another user.
        """
        import dask
        from distributed import Client, LocalCluster
        from distributed.security import Security

        dask.config.set(
            {
                "distributed.admin.log-length": 10,  # the logs are never read, and their entries hold whole tasks
                "distributed.admin.low-level-log-length": 10,
                "distributed.admin.system-monitor.log-length": 1,
                "distributed.comm.timeouts.connect": "60s",
                "distributed.nanny.pre-spawn-environ": {**MALLOC, **_SAFE_PATH},
                "distributed.scheduler.allowed-failures": 0,  # `run` itself retries, to find the culprit
            }
            | QUIET
            | _NO_PAGES
        )
        parent = Path(dask.config.get("temporary-directory") or tempfile.gettempdir())
        folder = self._scratch.enter_context(private_folder(parent))
        with _starting(), dask.config.set({"temporary-directory": str(folder)}):
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
        return Client(self._cluster, set_as_default=False)


def _results(shift: Shift, part: Part) -> Iterator[tuple[Any, Any]]:
    suspects = []
    for task, result in shift.results(part):
        if isinstance(result, WorkerLost):
            suspects.append(task)
        else:
            yield task, result
    for task in suspects:
        yield from shift.alone(part.work, task)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let processes that are started in this block ignore Ctrl-C, so that this process can end them in order.

    Other signals that end this process are delayed until the block ends, because Dask cannot close half a cluster.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with delayed(signal.SIGTERM, signal.SIGHUP):
            yield
    finally:
        signal.signal(signal.SIGINT, before)


def _restore_safe_path() -> None:
    if _SAFE_PATH_HERE is None:
        os.environ.pop("PYTHONSAFEPATH", None)


@contextmanager
def _starting() -> Iterator[None]:
    """Let processes that are started in this block ignore Ctrl-C; if they do not start, raise `UserError`."""
    try:
        os.environ.update(_SAFE_PATH)
        with _without_interrupts():
            yield
        _restore_safe_path()
    except (OSError, RuntimeError, TimeoutError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"worker processes cannot be started ({reason}): try fewer --workers, and check the limits on "
            "processes, open files and memory (ulimit -a)"
        ) from error


_ALONE = threading.Lock()  # a worker's threads cannot share the working directory, models and random numbers


def _in_folder(work: Callable[[Task], Result], folder: str, pool: str, task: Task) -> Result | Unchecked:
    """Run a task on this worker, one at a time, in the folder of the process that planned it.

    Return `Unchecked`, without running the task, if the pool has not approved this worker.
    """
    from distributed import get_worker

    if not is_known(pool):
        return Unchecked(get_worker().address)
    with _ALONE:
        os.chdir(folder)
        return work(task)
