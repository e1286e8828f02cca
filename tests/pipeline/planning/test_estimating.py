"""From samples to totals: lines through them, and hand-computed sums of steps, start-up, wall time, disk and memory."""

import numpy as np
import pytest

from pipeline.planning.estimating import HEAD_MB, Work, cost, line
from pipeline.planning.measuring import Measured, Sample


def test_a_line_is_found_through_noise_and_keeps_the_sum_of_the_samples() -> None:
    rng = np.random.default_rng(0)
    seconds = rng.uniform(1, 10, 40)
    samples = [Sample(1, s, 0.05 + 0.2 * s + rng.normal(0, 0.01), 0) for s in seconds]
    clip, second = line(samples, "cpu_s")
    assert clip == pytest.approx(0.05, abs=0.02)
    assert second == pytest.approx(0.2, abs=0.01)
    assert sum(clip + second * s.seconds for s in samples) == pytest.approx(sum(s.cpu_s for s in samples))


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([], (0, 0)),
        ([Sample(1, 0.0, 0.5, 0)], (0.5, 0)),
        ([Sample(1, 3.0, 0.6, 0), Sample(1, 3.0, 0.6, 0)], None),
        ([Sample(1, 1.0, 0.9, 0), Sample(1, 9.0, 0.1, 0)], None),
        ([Sample(2, 4.0, 0.0, 0)], (0, 0)),
    ],
)
def test_samples_that_do_not_fix_a_line_give_none_below_zero(
    samples: list[Sample], expected: tuple[float, float] | None
) -> None:
    clip, second = line(samples, "cpu_s")
    assert min(clip, second) >= 0
    assert clip * sum(s.clips for s in samples) + second * sum(s.seconds for s in samples) == pytest.approx(
        sum(s.cpu_s for s in samples)
    )
    if expected is not None:
        assert (clip, second) == pytest.approx(expected)


MEASURED = Measured(
    1.5,
    {"preprocess audio": [Sample(1, 2.0, 0.1, 1000)], "preprocess text": [Sample(1, 2.0, 0.001, 0)]},
    {"preprocess audio": 0.4, "preprocess text": 0.1},
    0,
    500.0,
)


@pytest.mark.parametrize(
    ("workers", "start_s", "wall_s"),
    [
        # the head twice 1 s, text loads .1 s; each worker starts and loads in 1.5 + .4 s
        (2, 1 + 0.1 + 2 * 1.9, 1 + 0.1 + 0.1 + 1.9 + 10 / 2),
        (1, 1 + 0.1 + 1.9, 1 + 0.1 + 0.1 + 1.9 + 10),
        (0, 1 + 0.1 + 0.4, 1 + 0.1 + 0.1 + 0.4 + 10),
    ],
)
def test_costs_are_those_computed_by_hand(workers: int, start_s: float, wall_s: float) -> None:
    works = [
        Work("preprocess text", True, 100, 0, 100, 200.0),
        Work("preprocess audio", False, 120, 20, 100, 200.0),
    ]
    found = cost(works, {"preprocess": MEASURED}, workers, head_s=1.0)
    assert [step.cpu_s for step in found.steps] == pytest.approx([0.1, 10.0])
    assert found.start_s == pytest.approx(start_s)
    assert found.cpu_s == pytest.approx(10.1 + start_s)
    assert found.wall_s == pytest.approx(wall_s)
    assert found.disk_mb == pytest.approx(2 * 100 * 1000 / 1e6)
    assert found.memory_mb == HEAD_MB + max(1, workers) * 500


def test_no_more_workers_start_than_there_are_clips_and_none_if_all_is_cached() -> None:
    one = cost([Work("preprocess audio", False, 120, 119, 1, 2.0)], {"preprocess": MEASURED}, 16, head_s=1.0)
    assert one.start_s == pytest.approx(1 + 1.9)
    none = cost([Work("preprocess audio", False, 120, 120, 0, 0.0)], {}, 16, head_s=1.0)
    assert (none.cpu_s, none.disk_mb) == (1.0, 0)
