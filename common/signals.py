"""Delaying the signals that ask a process to end while a step runs that must not be interrupted."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def delayed(*numbers: signal.Signals) -> Iterator[None]:
    """Delay signals until the end of the block; only the main thread handles signals.

    A child process started in the meantime is not affected: a Python handler, unlike `signal.SIG_IGN`, is not
    inherited.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for late in came:
            signal.raise_signal(late)
