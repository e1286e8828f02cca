"""A plan as text: aligned columns within 80, times and sizes in the units that matter."""

from pipeline.planning.estimating import Cost, StepCost
from pipeline.planning.page import page_of
from pipeline.planning.planning import Plan

STEPS = (
    StepCost("preprocess text", 13708, 0, 13708, 0.1, 0.0, 1.4, 0.0, 12.0),
    StepCost("preprocess video", 13708, 1200, 12508, 30.0, 110.0, 4800.0, 0.5, 5200.0),
    StepCost("extract mfcc", 13708, 13708, 0, 0.0, 0.0, 0.0, 0.0, 0.0),
)


def test_a_page_fits_80_columns_and_says_what_was_measured() -> None:
    cost = Cost(8, STEPS, 40.0, 4841.4, 700.0, 5212.0, 6200.0)
    assert list(page_of(Plan("meld", 13708, 12.7, 8, 28.0, 0, cost))) == [
        "meld: 13708 utterances, 12 h 42 min of recording",
        "",
        "step                              clips   cached  ms a clip     CPU time    disk",
        "preprocess text                  13,708               0.102        1.4 s   12 MB",
        "preprocess video                 13,708    1,200        384   1 h 20 min  5.2 GB",
        "extract mfcc                     13,708   13,708",
        "start-up and loading models                                         40 s",
        "all                                                           1 h 21 min  5.2 GB",
        "",
        "With 8 workers, one core each: about 12 min.",
        "Memory: about 6.2 GB for all processes, not counting the table of utterances.",
        "Measured: 8 clips (28 s of recording) in every step with",
        "something to compute, on one core of this machine. Training is not included.",
    ]


def test_failures_and_a_full_cache_are_said() -> None:
    cost = Cost(0, STEPS[2:], 0.0, 0.0, 0.0, 0.0, 200.0)
    assert list(page_of(Plan("a\x1b[1m", 1, 0.0, 0, 0.0, 0, cost)))[-1].startswith("Everything is in the cache")
    failed = list(page_of(Plan("a", 1, 0.0, 8, 20.0, 2, Cost(0, STEPS, 1.0, 2.0, 3.0, 4.0, 5.0))))
    assert failed[-1] == "2 measured results failed, so the estimate may be too low."
    assert "In one process: about 3.0 s." in failed
