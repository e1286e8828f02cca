"""A shift of tasks: none is lost when a worker or a scheduler goes away."""

import signal
import time

import pytest

from pipeline.errors import UserError
from pipeline.run.pool.cluster import Pool
from tests.pipeline.run.pool.clusters import Cluster, where


def test_joining_workers_are_used_and_leaving_ones_are_replaced(cluster: Cluster) -> None:
    first = cluster.worker()
    seen = []
    with Pool(1, cluster.address) as pool:
        second = None
        for n, (_, answer) in enumerate(pool.run(where, [0.1] * 80)):
            seen.append(answer[0])
            if n == 4:
                second = cluster.worker()
            if second is not None and second.pid in seen and first.poll() is None:
                first.send_signal(signal.SIGKILL)
        assert len(seen) == 80
    assert second is not None
    assert {first.pid, second.pid} == set(seen)
    assert seen[-1] == second.pid


def test_a_lost_scheduler_is_reported_in_one_sentence(cluster: Cluster) -> None:
    cluster.worker()
    with Pool(1, cluster.address) as pool:
        results = pool.run(where, [0.1] * 200)
        next(results)
        cluster.scheduler.kill()
        began = time.monotonic()
        with pytest.raises(UserError, match="connection to the Dask scheduler was lost"):
            list(results)
    assert time.monotonic() - began < 30
