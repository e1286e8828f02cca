"""The frame that is shown at each time: checked against a search of all frames, and for pictures that stay."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import EmptyInput
from pipeline.settings.streams import VideoConfig
from pipeline.streams import video
from pipeline.streams.decode import probe
from pipeline.streams.faces import Detection, Face
from pipeline.streams.frames import survey
from pipeline.streams.sampling import nearest, sample_targets, seen
from pipeline.streams.spans import Span
from pipeline.streams.video import read_video
from tests.pipeline.streams.recordings import slides

STEP_S = 0.2
ascending = st.lists(st.integers(0, 9000), unique=True, max_size=40).map(lambda ms: np.array(sorted(ms)) / 1000)


@given(ascending, st.integers(0, 3000), st.integers(0, 3000), st.integers(1, 40))
def test_each_time_has_a_frame_near_it_or_the_one_shown_then(
    stamps: np.ndarray, last_ms: int, start_ms: int, count: int
) -> None:
    targets = start_ms / 1000 + np.arange(count) * STEP_S
    end_s = (stamps[-1] if len(stamps) else 0.0) + last_ms / 1000
    numbers, times = seen(stamps, end_s, targets, STEP_S)
    assert len(numbers) == len(times) <= count
    assert (np.diff(numbers) >= 0).all()
    assert (np.diff(times) > 0).all()
    assert set(nearest(stamps, targets, STEP_S / 2)) <= set(numbers.tolist())
    until = np.append(stamps[1:], end_s)
    for number, time_s in zip(numbers, times, strict=True):
        assert stamps[number] - 1e-9 <= time_s < max(until[number], stamps[number] + 1e-9)  # it is shown then
    for target in targets:  # every wanted time inside a picture that stays has a frame
        shown = np.searchsorted(stamps, target, side="right") - 1
        if shown >= 0 and until[shown] - stamps[shown] > STEP_S + 1e-5 and target < until[shown] - 1e-5:
            assert np.abs(times - target).min() <= STEP_S / 2 + 1e-6


@given(st.integers(6, 60), st.integers(0, 200))
def test_each_sample_of_a_steady_recording_is_the_nearest_frame(rate: int, start_ms: int) -> None:
    stamps = np.arange(rate * 4) / rate
    targets = start_ms / 1000 + np.arange(15) * STEP_S
    numbers, times = seen(stamps, 4.0, targets, STEP_S)
    np.testing.assert_array_equal(numbers, nearest(stamps, targets, STEP_S / 2))
    np.testing.assert_array_equal(times, stamps[numbers])


@pytest.fixture
def brightness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat every picture as a face whose image is its brightness."""

    square = (0.0, 0.0, 9.0, 9.0)

    def cut(picture: np.ndarray, *_: object) -> Face:
        return Face(square, 1.0, square, bytes([int(picture.mean())]))

    monkeypatch.setattr(video, "found_faces", lambda *_: [Detection(square, 1.0)])
    monkeypatch.setattr(video, "cut_face", cut)


@pytest.mark.usefixtures("brightness")
@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize(
    ("shown_s", "span", "expected"),
    [
        ((0.04, 0.04, 0.6), Span(0.0, 0.68), [0, 2, 2, 2]),  # a last picture that is held
        ((0.04, 0.04, 10.0), Span(4.0, 6.0), [2] * 10),
        ((10.0,), Span(0.0, 10.0), [0] * 50),  # a podcast of one picture
        ((10.0,), Span(7.0, 8.0), [0] * 5),
        ((1.0, 3.0, 2.0), Span(0.0, 6.0), [0] * 5 + [1] * 15 + [2] * 10),  # slides
        ((0.04, 5.0, 0.04), Span(2.0, 3.0), [1] * 5),  # a gap in the middle
    ],
)
def test_a_picture_that_stays_is_seen_while_it_stays(
    tmp_path: Path, ending: str, shown_s: tuple[float, ...], span: Span, expected: list[int]
) -> None:
    path = slides(tmp_path / f"slides.{ending}", shown_s, sound_s=sum(shown_s))
    assert probe(path).breaks_off_s is None
    assert probe(path).duration_s == pytest.approx(sum(shown_s), abs=0.1)
    ((_, stream),) = read_video(path, [span], VideoConfig())
    grey = [20 + 200 * number // max(len(shown_s) - 1, 1) for number in range(len(shown_s))]
    found = [int(np.abs(np.array(grey) - face[0]).argmin()) for face in stream.faces]
    assert found == expected
    np.testing.assert_allclose(stream.times, np.arange(len(expected)) * STEP_S, atol=0.1)
    contents = survey(path)
    assert contents is not None
    assert contents.end_s == pytest.approx(sum(shown_s), abs=0.05)


@pytest.mark.usefixtures("brightness")
@pytest.mark.parametrize("ending", ["asf", "avi", "flv", "mkv", "mov", "mp4", "nut", "ts"])
@pytest.mark.parametrize(
    ("shown_s", "expected"), [((6.0,), [0] * 30), ((2.0, 2.0, 2.0), [0] * 10 + [1] * 10 + [2] * 10)]
)
def test_still_pictures_and_slides_last_as_long_as_the_sound(
    tmp_path: Path, ending: str, shown_s: tuple[float, ...], expected: list[int]
) -> None:
    path = slides(tmp_path / f"slides.{ending}", shown_s, sound_s=6.0)
    assert probe(path).breaks_off_s is None
    assert probe(path).duration_s == pytest.approx(6.0, abs=0.1)
    ((_, stream),) = read_video(path, [Span(0.0, 6.0)], VideoConfig())
    grey = [20 + 200 * number // max(len(shown_s) - 1, 1) for number in range(len(shown_s))]
    assert [int(np.abs(np.array(grey) - face[0]).argmin()) for face in stream.faces] == expected


@pytest.mark.parametrize("ending", ["asf", "avi", "flv"])
@pytest.mark.parametrize("shown_s", [(0.04, 0.04, 10.0), (2.0, 3.0, 5.0), (6.0,)])
@pytest.mark.parametrize("sound_s", [0.0, 1.0])
def test_a_last_picture_that_stays_does_not_break_off(
    tmp_path: Path, ending: str, shown_s: tuple[float, ...], sound_s: float
) -> None:
    path = slides(tmp_path / f"held.{ending}", shown_s, sound_s=sound_s)
    assert probe(path).breaks_off_s is None
    assert probe(path).duration_s == pytest.approx(sum(shown_s), abs=0.1)
    contents = survey(path)
    assert contents is not None
    assert contents.end_s == pytest.approx(sum(shown_s), abs=0.1)
    if len(shown_s) > 1 and ending != "asf":  # which hides the stated length if bytes are missing
        path.write_bytes(path.read_bytes()[:-33])
        assert probe(path).breaks_off_s is not None


@pytest.mark.usefixtures("brightness")
def test_after_the_last_picture_nothing_is_sampled(tmp_path: Path) -> None:
    path = slides(tmp_path / "short.mp4", (0.04,) * 25, sound_s=5.0)
    found = dict(read_video(path, [Span(0.0, 1.0), Span(3.0, 4.0)], VideoConfig()))
    assert len(found[0].times) == 5
    assert isinstance(found[1], EmptyInput)


ascending = st.lists(st.integers(0, 4000), unique=True, max_size=60).map(lambda ms: np.array(sorted(ms)) / 1000)


@given(ascending, st.integers(0, 3000), st.integers(1, 20))
def test_nearest_agrees_with_looking_at_every_pair(stamps: np.ndarray, start_ms: int, count: int) -> None:
    targets = start_ms / 1000 + np.arange(count) / 5
    chosen = nearest(stamps, targets, 0.1).tolist()
    assert chosen == sorted(set(chosen))
    expected = set()
    for target in targets:
        distances = [abs(stamp - target) for stamp in stamps]
        if not distances:
            continue
        best = int(np.argmin(distances))
        limit = 0.1
        if len(stamps) > 1 and target < stamps[0]:
            limit = min(0.1, (stamps[1] - stamps[0]) / 2)
        if len(stamps) > 1 and target > stamps[-1]:
            limit = min(0.1, (stamps[-1] - stamps[-2]) / 2)
        if distances[best] <= limit + 1e-9:
            expected.add(best)
    close = {a for a in range(len(stamps)) for t in targets if _tied(stamps, t, a)}
    assert set(chosen) ^ expected <= close  # where two are equally near, rounding decides


def _tied(stamps: np.ndarray, target: float, index: int) -> bool:
    distances = np.sort(np.abs(stamps - target))
    return len(stamps) > 1 and distances[1] - distances[0] < 1e-9 and abs(stamps[index] - target) < distances[1] + 1e-9


@given(st.integers(8, 60), st.integers(0, 200))
def test_of_a_steady_recording_every_sample_is_within_half_a_frame(rate: int, start_ms: int) -> None:
    stamps = np.arange(rate * 4) / rate
    targets = start_ms / 1000 + np.arange(15) / 5
    chosen = nearest(stamps, targets, 0.1)
    assert len(chosen) == 15
    assert np.abs(stamps[chosen] - targets).max() <= 0.5 / rate + 1e-9
    assert all(a < b for a, b in pairwise(chosen.tolist()))


def test_targets_end_before_the_span_does():
    np.testing.assert_allclose(sample_targets(Span(1.0, 2.0), 5), [1, 1.2, 1.4, 1.6, 1.8])
    np.testing.assert_allclose(sample_targets(Span(1.0, 2.01), 5), [1, 1.2, 1.4, 1.6, 1.8, 2.0])
    assert len(sample_targets(Span(1.0, 1.0), 5)) == 0
