"""Arrays while a pickle is read: only plain dtypes, only as many bytes as the file holds."""

import numpy as np
import pytest

from pipeline.exchange.formats.pickled_arrays import Allowed, Array, Budget, Dtype, raw_bytes, value_count


@pytest.mark.parametrize("code", ["f4", "<f8", ">i2", "|b1", "U12", "S3", "O", "c16", "f16"])
def test_plain_dtypes_are_known(code: str) -> None:
    assert Dtype(code).dtype == np.dtype(code)


@pytest.mark.parametrize("code", ["V16", "M8[s]", "f8,f8", "i16", "U12345678", "", 3, None])
def test_other_dtypes_are_refused(code: object) -> None:
    with pytest.raises(ValueError, match="are not supported"):
        Dtype(code)


def test_a_dtype_takes_its_byte_order_and_nothing_else() -> None:
    kind = Dtype("f8")
    kind.__setstate__((3, ">", None, None, None, -1, -1, 0))
    assert kind.dtype == np.dtype(">f8")
    with pytest.raises(ValueError, match="structured arrays"):
        kind.__setstate__((3, "<", None, ("a",), {}, -1, -1, 0))
    with pytest.raises(ValueError, match="of 4 bytes"):
        kind.__setstate__((3, "<", None, None, None, 4, -1, 0))


def blank(size: int = 1000) -> Array:
    array = Array((0,), "i1")
    array.budget = Budget(size)
    return array


def test_an_array_is_filled_once_with_bytes_that_fit() -> None:
    numbers = np.arange(6, dtype="<i4").reshape(2, 3)
    array = blank()
    array.__setstate__((1, (2, 3), Dtype("<i4"), False, numbers.tobytes()))
    np.testing.assert_array_equal(array, numbers)
    with pytest.raises(ValueError, match="set twice"):
        array.__setstate__((1, (2, 3), Dtype("<i4"), False, numbers.tobytes()))


@pytest.mark.parametrize(
    ("shape", "kind", "raw", "message"),
    [
        ((2, 3), Dtype("<i4"), b"\0" * 20, "6 values of type int32 in 20 bytes"),
        ((-1,), Dtype("<i4"), b"", "an array of the invalid shape"),
        ((1,) * 33, Dtype("<i4"), b"\0" * 4, "an array of the invalid shape"),
        ((2,), Dtype("O"), b"\0" * 16, "whose data do not fit"),
        ((2,), "f8", b"\0" * 16, "without dtype"),
        ((1,), Dtype("U1"), b"\xff\xff\xff\x7f", "not Unicode"),
        ((1,), Dtype("U1"), b"\x00\xd8\x00\x00", "not Unicode"),
    ],
)
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], kind: object, raw: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        blank().__setstate__((1, shape, kind, False, raw))


def test_text_of_python_2_is_bytes_in_latin_1() -> None:
    assert raw_bytes("\xff\x00", 2, np.dtype("u1")) == b"\xff\x00"
    assert isinstance(raw_bytes(bytearray(b"ab"), 2, np.dtype("u1")), bytearray)


def test_sizes_are_exact_beyond_64_bits() -> None:
    assert value_count((2**40, 2**40)) == 2**80
    assert value_count(()) == 1
    assert value_count((3, 0)) == 0
    with pytest.raises(ValueError, match="an array of the invalid shape"):
        value_count((True,))


def test_the_budget_is_four_times_the_file_and_a_megabyte() -> None:
    budget = Budget(100)
    budget.spend(400 + (1 << 20))
    with pytest.raises(MemoryError, match="unpacks to much more data than the file holds"):
        budget.spend(1)


def test_an_allowed_name_is_immutable() -> None:
    name = Allowed("builtins.list", list)
    assert name((1, 2)) == [1, 2]
    with pytest.raises(TypeError, match=r"builtins\.list is changed"):
        name.call = print
    with pytest.raises(TypeError, match=r"builtins\.list is changed"):
        name.__setstate__({})
    with pytest.raises(TypeError, match=r"builtins\.int is called"):
        Allowed("builtins.int")()
