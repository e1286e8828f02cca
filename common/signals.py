"""Delay signals that would end the process during a step that must not be interrupted."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def delayed(*numbers: signal.Signals) -> Iterator[None]:
    """Delay signals until the end of the block; do nothing outside the main thread, the only one that handles signals.

    A child process started in the meantime is not affected, because it does not inherit a Python handler (it would
    inherit `signal.SIG_IGN`).
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
