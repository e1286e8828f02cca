"""One thread for every numeric library: the same sums in the same order, whatever machine or worker runs them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_held = ContextVar("one_thread", default=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS, OpenMP and (where it is loaded) torch to one thread; put back what was set before.

    Inside another `one_thread` it only sees to torch, which may have been loaded since: finding all libraries of a
    process takes longer than answering a batch.
    """
    with _one_torch():
        if _held.get():
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
