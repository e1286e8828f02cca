"""Limit every numeric library to one thread, so that sums are added in the same order on every machine and worker.

A process that is started with the environment variables in `ENVIRONMENT` has one thread from its first import
on. `pin_to_one_thread` limits a running process for good; `one_thread` limits it for a block and then restores the
previous limits.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Environment variables for a process to be started. If a library still starts OpenMP threads, they sleep, not spin.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

_THREADED = ("numpy", "scipy", "sklearn", "cv2", "torch", "ctranslate2", "xgboost")
_pinned: set[str] = set()
_held = ContextVar("one_thread", default=False)


def pin_to_one_thread() -> None:
    """Limit the numeric libraries that this process has loaded to one thread, for good."""
    from threadpoolctl import threadpool_limits

    loaded = _loaded()
    if loaded == _pinned:
        return
    threadpool_limits(1)
    if "torch" in loaded:
        sys.modules["torch"].set_num_threads(1)
    if "cv2" in loaded:
        sys.modules["cv2"].setNumThreads(1)
    _pinned.update(loaded)


def _loaded() -> set[str]:
    return {name for name in _THREADED if name in sys.modules}


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit BLAS, OpenMP and torch (if it is loaded) to one thread for a block; then restore the old limits.

    If the limits hold already, inside another `one_thread` or after `pin_to_one_thread`, only torch is limited, because
    finding all libraries of a process takes longer than predicting a batch.
    """
    with _one_torch():
        if _held.get() or _loaded() == _pinned:
            yield
            return
        from threadpoolctl import threadpool_limits

        token = _held.set(True)
        try:
            with threadpool_limits(limits=1):
                yield
        finally:
            _held.reset(token)


@contextmanager
def _one_torch() -> Iterator[None]:
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else 1
    if torch is not None:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if torch is not None:
            torch.set_num_threads(before)
