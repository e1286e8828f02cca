"""Boxes and cuts checked against values computed by hand."""

import struct
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.pictures import cropped, cut, halved, iou, jpeg, scaled, shrink, square, upright
from pipeline.streams.spans import Region

boxes = st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 60)] * 2)


@given(boxes, boxes)
def test_iou_counts_pixels(a, b):
    canvas = np.zeros((2, 130, 130), bool)
    for layer, (x, y, w, h) in zip(canvas, (a, b), strict=True):
        layer[y : y + h, x : x + w] = True
    assert iou(a, b) == pytest.approx((canvas[0] & canvas[1]).sum() / (canvas[0] | canvas[1]).sum())
    assert iou(a, b) == iou(b, a)


@given(
    st.floats(-50, 300),
    st.floats(-50, 300),
    st.floats(2, 200),
    st.floats(2, 200),
    st.floats(0, 1, allow_subnormal=False),
)
def test_a_square_is_centred_on_its_box(x, y, width, height, margin):
    left, top, side, other = square((x, y, width, height), margin)
    assert side == other == pytest.approx(max(width, height) * (1 + 2 * margin), abs=1)
    assert left + side / 2 == pytest.approx(x + width / 2, abs=1)
    assert top + side / 2 == pytest.approx(y + height / 2, abs=1)


def test_cut_inside_is_a_plain_slice():
    picture = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    np.testing.assert_array_equal(cut(picture, (10, 20, 32, 32), 32), picture[20:52, 10:42])


def test_cut_over_the_edge_repeats_the_outermost_pixels():
    picture = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    rows, columns = np.clip(np.arange(-10, 54), 0, 59), np.clip(np.arange(40, 104), 0, 79)
    np.testing.assert_array_equal(cut(picture, (40, -10, 64, 64), 64), picture[np.ix_(rows, columns)])


def test_cut_scales_by_areas():
    picture = np.random.default_rng(0).integers(0, 255, (128, 128, 3), dtype=np.uint8)
    means = picture.reshape(32, 4, 32, 4, 3).mean((1, 3))
    assert np.abs(cut(picture, (0, 0, 128, 128), 32) - means).max() <= 1.5
    assert cut(picture, (0, 0, 20, 20), 64).shape == (64, 64, 3)


def test_shrink_keeps_proportions_and_never_enlarges():
    assert shrink(np.zeros((720, 1280, 3), np.uint8), 256).shape == (256, 455, 3)
    assert shrink(np.zeros((100, 50, 3), np.uint8), 256).shape == (100, 50, 3)


def test_jpeg_is_rgb_and_repeatable():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[..., 0] = 200
    data = jpeg(picture, 95)
    assert data == jpeg(picture.copy(), 95)
    red = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., 2]
    assert abs(int(red.mean()) - 200) <= 2


def test_cropped_returns_the_position_of_the_part():
    picture = np.arange(60 * 80 * 3, dtype=np.uint32).reshape(60, 80, 3).astype(np.uint8)
    part, left, top = cropped(picture, Region(0.25, 0.5, 0.75, 1.0))
    assert (left, top) == (20, 30)
    np.testing.assert_array_equal(part, picture[30:, 20:60])
    assert cropped(picture, None)[0] is picture


def test_scaled_multiplies_place_and_size():
    assert scaled((1, 2, 3, 4), 2.5) == (2.5, 5.0, 7.5, 10.0)


def test_halving_takes_means_of_four_until_the_height_is_under_twice_the_wanted_one():
    picture = np.random.default_rng(0).integers(0, 255, (64, 48, 3), dtype=np.uint8)
    once = halved(picture, 20)
    assert once.shape == (32, 24, 3)
    assert np.abs(once - picture.reshape(32, 2, 24, 2, 3).mean((1, 3))).max() <= 0.5
    assert halved(picture, 16).shape == (16, 12, 3)
    assert halved(picture, 33) is picture


TURNS = {  # a, b, c, d of the display matrix -> what a player shows of a picture
    (1, 0, 0, 1): lambda picture: picture,
    (-1, 0, 0, 1): lambda picture: picture[:, ::-1],
    (-1, 0, 0, -1): lambda picture: picture[::-1, ::-1],
    (0, 1, -1, 0): lambda picture: np.rot90(picture, -1),
    (0, -1, 1, 0): lambda picture: np.rot90(picture, 1),
}


@pytest.mark.parametrize("matrix", TURNS)
def test_upright_follows_the_display_matrix(matrix):
    a, b, c, d = (65536 * part for part in matrix)
    frame = SimpleNamespace(side_data={"DISPLAYMATRIX": struct.pack("<9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)})
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    np.testing.assert_array_equal(upright(picture, frame), TURNS[matrix](picture))
    assert upright(picture, SimpleNamespace(side_data={})) is picture
