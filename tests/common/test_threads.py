"""One thread for every numeric library, as the libraries themselves report it."""

import os
import subprocess
import sys

import numpy as np
import torch
from threadpoolctl import threadpool_info

from common.threads import ENVIRONMENT, one_thread

np.dot(np.ones((2, 2)), np.ones((2, 2)))  # BLAS is loaded


def numbers_of_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info()} | {torch.get_num_threads()}


def test_a_block_has_one_thread_and_leaves_the_number_as_it_was() -> None:
    before = torch.get_num_threads(), threadpool_info()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert numbers_of_threads() == {1}
            torch.set_num_threads(2)
            with one_thread():  # libraries loaded or changed since are pinned again
                assert torch.get_num_threads() == 1
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before[0])
    assert threadpool_info() == before[1]


def python(code: str, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    done = subprocess.run(
        [sys.executable, "-c", code], env=inherited | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


REPORT = "import numpy, threadpoolctl; print({one['num_threads'] for one in threadpoolctl.threadpool_info()})"


def test_a_process_started_with_the_environment_has_one_thread_from_its_first_import_on() -> None:
    assert python(REPORT, **ENVIRONMENT) == "{1}"


def test_a_running_process_is_pinned_for_good() -> None:
    pin = "import numpy; from common.threads import pin_to_one_thread as pin; pin(); "
    assert python(pin + REPORT, OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2") == "{1}"


def test_where_everything_is_pinned_a_block_looks_for_no_libraries_until_another_is_loaded() -> None:
    code = """
import threadpoolctl
limits, calls = threadpoolctl.threadpool_limits, []
threadpoolctl.threadpool_limits = lambda *given, **named: calls.append(1) or limits(*given, **named)
import numpy
from common.threads import one_thread, pin_to_one_thread
for pinned in (False, True):
    if pinned:
        pin_to_one_thread()
    before = len(calls)
    with one_thread():
        print({one["num_threads"] for one in threadpoolctl.threadpool_info()}, len(calls) - before)
import scipy.linalg
with one_thread():
    print({one["num_threads"] for one in threadpoolctl.threadpool_info()}, len(calls) - before)
"""
    shown = python(code, OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2").splitlines()
    assert shown == ["{1} 1", "{1} 0", "{1} 1"]
