"""The benchmark of the choice of a face, and the recordings that it composes."""

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import speakers
from benchmarks.tools import scenes
from benchmarks.tools.recordings import DATA
from pipeline.streams.decode import probe

needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"the real clips are missing: {DATA}")


def numbered(count, height=4, width=6):
    return [np.full((height, width, 3), number, np.uint8) for number in range(count)]


def test_a_listener_shows_the_silent_start_over_and_over():
    shown = scenes.listening(numbered(12), silent=4)
    assert [int(picture[0, 0, 0]) for picture in shown] == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1]
    assert {int(picture[0, 0, 0]) for picture in scenes.frozen(numbered(5))} == {0}


def test_people_are_side_by_side_or_in_a_corner():
    (first, second) = scenes.beside(numbered(2), numbered(2, width=4))
    assert first.shape == (4, 10, 3)
    assert second.tolist() == np.full((4, 10, 3), 1).tolist()
    (framed,) = scenes.in_the_corner([np.full((50, 50, 3), 9, np.uint8)], numbered(1, 100, 100), scale=1.0)
    assert framed.shape == (200, 200, 3)
    assert (framed[8:58, -58:-8] == 9).all()
    assert framed.sum() == 9 * 50 * 50 * 3


def test_the_sides_of_a_scene_are_known():
    a, b = numbered(4), [picture + 100 for picture in numbered(4)]
    for on_the_left in (True, False):
        for scene in (speakers._beside, speakers._changing):
            shown, is_right = scene(a, b, on_the_left)
            for i, picture in enumerate(shown):
                sides = [x for x in (0.25, 0.75) if picture[0, int(x * picture.shape[1]), 0] < 100]
                assert [x for x in (0.25, 0.75) if is_right(x, i / scenes.FPS)] == sides


def test_a_composed_recording_holds_picture_and_late_voice(tmp_path):
    voice = np.zeros(scenes.RATE_HZ, np.float32)
    info = probe(scenes.compose(tmp_path / "a.mp4", numbered(25, 48, 64), voice, late_s=1.0))
    assert (len(info.video), len(info.audio)) == (1, 1)
    assert info.duration_s == pytest.approx(2.0, abs=0.1)
    mute = probe(scenes.compose(tmp_path / "b.mp4", numbered(25, 48, 64), None))
    assert (len(mute.video), len(mute.audio)) == (1, 0)


@needs_data
def test_a_report_on_a_few_clips():
    found = CliRunner().invoke(speakers.main, ["--clips", "4"])
    assert found.exit_code == 0, found.output
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in found.output.splitlines() if "| " in line]
    shares = {(row[0], row[1], row[2]): float(row[3]) for row in rows if row[0].startswith(("a listener", "a second"))}
    assert shares["a listener", "3", "25"] >= 95
    assert shares["a second talker, another person", "3", "25"] >= 80
