"""Reading crops back, row times, head angles, and silence on file descriptor 2."""

import os

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.video.images import head_angles, quiet_stderr, read_jpeg, row_times


def turned(yaw=0.0, pitch=0.0, roll=0.0):
    """A frontal head's left and up axes after a turn to its left, then up, then clockwise in the picture."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    turn = about_z @ about_x @ about_y
    return turn @ np.array([1.0, 0, 0]), turn @ np.array([0, -1.0, 0])


@given(st.floats(-60, 60))
def test_head_angles_one_at_a_time(angle):
    assert head_angles(*turned(yaw=angle)) == pytest.approx((angle, 0, 0), abs=1e-6)
    assert head_angles(*turned(pitch=angle)) == pytest.approx((0, angle, 0), abs=1e-6)
    assert head_angles(*turned(roll=angle)) == pytest.approx((0, 0, angle), abs=1e-6)


def test_the_nose_shows_which_way_is_positive():
    left, up = turned(yaw=30)
    assert np.cross(left, up)[0] > 0  # forward points to the right of the picture: the subject's left
    left, up = turned(pitch=30)
    assert np.cross(left, up)[1] < 0  # upwards
    assert turned(roll=30)[0][1] > 0  # the subject's left eye is the lower one


@given(st.floats(0.1, 9), st.floats(0.1, 9))
def test_head_angles_ignore_lengths(a, b):
    left, up = turned(20, 10, 5)
    assert head_angles(left * a, up * b) == pytest.approx(head_angles(left, up))


def test_read_jpeg_is_rgb():
    picture = np.zeros((32, 48, 3), np.uint8)
    picture[..., 2] = 220  # OpenCV's order: red
    read = read_jpeg(cv2.imencode(".jpg", picture)[1].tobytes())
    assert read.shape == (32, 48, 3)
    assert read[..., 0].mean() > 200 > 50 > read[..., 2].mean()


@pytest.mark.parametrize("data", [b"", b"abc"])
def test_a_damaged_picture_is_refused(data):
    with pytest.raises(ValueError, match=f"{len(data)} bytes of a stream are not a picture"):
        read_jpeg(data)


def test_row_times_end_at_the_next_sample():
    times = np.array([0.0, 0.2, 0.4, 0.6])
    np.testing.assert_allclose(row_times(times, [0, 3]), [[0, 0.2], [0.6, 0.8]])
    np.testing.assert_allclose(row_times(np.array([0.4]), [0]), [[0.4, 0.4]])


def test_quiet_stderr_silences_file_descriptor_2_and_restores_it(capfd):
    with quiet_stderr():
        os.write(2, b"noise\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_quiet_stderr_restores_it_after_an_error(capfd):
    with pytest.raises(KeyError), quiet_stderr():
        raise KeyError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
