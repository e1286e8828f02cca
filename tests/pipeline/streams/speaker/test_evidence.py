"""How clearly a mouth moves with a voice, for synthetic mouths whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.speaker.evidence import LAGS_S, correlation, evidence, quick
from pipeline.streams.speaker.voice import RATE_HZ

LENGTH_S = 4.0
TIMES = np.arange(round(LENGTH_S * 25)) / 25


def syllables(seed: int, rate_hz: float) -> np.ndarray:
    """Random changes at the rate of syllables, smoothed over 0.12 s."""
    rng = np.random.default_rng(seed)
    fine = np.convolve(rng.normal(size=round(LENGTH_S * 100)), np.hanning(13), "same")
    return np.interp(np.arange(round(LENGTH_S * rate_hz)) / rate_hz, np.arange(len(fine)) / 100, fine)


def mouth(level: np.ndarray, lead_s: float = 0.0, times: np.ndarray = TIMES) -> np.ndarray:
    return 0.02 * np.interp(times + lead_s, np.arange(len(level)) / RATE_HZ, level)


def test_a_mouth_that_moves_with_the_voice_has_evidence_and_another_has_little():
    level = syllables(0, RATE_HZ)
    own = evidence([(TIMES, mouth(level))], level, 25)
    others = [evidence([(TIMES, mouth(syllables(seed, RATE_HZ)))], level, 25) for seed in range(1, 30)]
    assert own > 1.0
    assert max(others) < 0.8
    spread = quick(TIMES, mouth(level), 25).std()
    assert own == pytest.approx(np.sqrt(LENGTH_S) * spread / (spread + 0.01), rel=0.03)  # the correlation is nearly 1


@pytest.mark.parametrize("lead_s", LAGS_S[::4])
def test_the_mouth_may_lead_the_voice_or_follow_it(lead_s):
    level = syllables(0, RATE_HZ)
    late = evidence([(TIMES, mouth(level, lead_s))], level, 25)
    assert late > 0.9 * evidence([(TIMES, mouth(level))], level, 25)
    assert evidence([(TIMES, mouth(level, 0.6))], level, 25) < 0.5 * late


def test_slow_changes_do_not_count():
    level = 20 * np.sin(np.pi * np.arange(400) / 400)
    slow = 0.2 * np.sin(np.pi * TIMES / 4)
    assert evidence([(TIMES, slow + mouth(syllables(1, RATE_HZ)))], level + syllables(2, RATE_HZ), 25) < 0.6


def test_a_mouth_that_hardly_moves_has_little_evidence():
    level = syllables(0, RATE_HZ)
    assert evidence([(TIMES, mouth(level) / 50)], level, 25) < 0.2 * evidence([(TIMES, mouth(level))], level, 25)
    assert evidence([(TIMES, np.full(len(TIMES), 0.3))], level, 25) == 0
    assert evidence([(TIMES, mouth(level))], np.zeros(400), 25) == 0


def test_little_to_see_is_no_evidence():
    level = syllables(0, RATE_HZ)
    nothing = [[], [(TIMES[:5], mouth(level)[:5])], [(TIMES, np.full(len(TIMES), np.nan))]]
    assert [evidence(pieces, level, 25) for pieces in nothing] == [0, 0, 0]
    assert evidence([(TIMES, mouth(level))], np.zeros(1), 25) == 0
    half = evidence([(TIMES[:50], mouth(level)[:50])], level, 25)
    assert half < evidence([(TIMES, mouth(level))], level, 25)


def test_pieces_are_compared_each_with_its_own_mean_and_gaps_are_left_out():
    level = syllables(0, RATE_HZ)
    lips = mouth(level)
    whole = evidence([(TIMES, lips)], level, 25)
    nearer = [(TIMES[:50], lips[:50]), (TIMES[50:], lips[50:] + 0.5)]
    assert evidence(nearer, level, 25) > 0.9 * whole > 0.9 * evidence([(TIMES, lips + 0.5 * (TIMES >= 2))], level, 25)
    lips[10:14] = np.nan
    assert 0.9 * whole < evidence([(TIMES, lips)], level, 25) < whole


def test_the_local_mean_is_that_of_a_hann_window():
    times = np.arange(40) / 25
    values = np.random.default_rng(0).normal(size=40)
    window = np.hanning(17)[1:-1]  # 0.6 s at 25 Hz: 7 frames on either side
    expected = [values[i] - np.average(values[i - 7 : i + 8], weights=window) for i in range(7, 33)]
    np.testing.assert_allclose(quick(times, values, 25)[7:33], expected)
    edge = values[0] - np.average(values[:8], weights=window[7:])
    assert quick(times, values, 25)[0] == pytest.approx(edge)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=3, max_size=20))
def test_the_correlation_is_pearsons(pairs):
    a, b = np.array(pairs).T
    if min(a.std(), b.std()) > 1e-3:
        assert correlation(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-6)
