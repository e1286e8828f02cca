"""Signals wait for the end of a step, and reach the handler that was there before."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from common.signals import delayed


def test_a_signal_comes_after_the_step_and_once() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    try:
        with delayed(signal.SIGTERM):
            os.kill(os.getpid(), signal.SIGTERM)
            assert came == []
        assert came == [signal.SIGTERM]
        os.kill(os.getpid(), signal.SIGTERM)
        assert came == [signal.SIGTERM] * 2
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_signal_also_comes_if_the_step_fails() -> None:
    def fail() -> None:
        with delayed(signal.SIGINT):
            os.kill(os.getpid(), signal.SIGINT)
            raise OSError("the step itself")

    with pytest.raises(KeyboardInterrupt):
        fail()


def test_a_child_started_during_the_step_can_be_ended() -> None:
    with delayed(signal.SIGTERM):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    child.terminate()
    assert child.wait(30) == -signal.SIGTERM


def test_another_thread_runs_the_step_without_handlers() -> None:
    done: list[bool] = []

    def step() -> None:
        with delayed(signal.SIGTERM):
            done.append(True)

    thread = threading.Thread(target=step)
    thread.start()
    thread.join()
    assert done == [True]
