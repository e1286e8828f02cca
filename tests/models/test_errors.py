"""Errors of models: one family, and one line per message."""

import pytest

from models.errors import DivergedError, FitError, LeakError, ModelError, reason_of


def test_one_family_that_a_caller_can_catch():
    assert issubclass(DivergedError, FitError)
    assert all(issubclass(kind, ModelError) and issubclass(kind, ValueError) for kind in (FitError, LeakError))
    assert not issubclass(LeakError, FitError)  # a leak stops the stage, a failed fit does not


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("plain", "plain"),
        ("two\n  lines\tof text ", "two lines of text"),
        ("Check failed\nStack trace:\n  [bt] (0) lib.so(+0x1)", "Check failed"),
        ("", ""),
    ],
)
def test_a_reason_is_one_line_without_a_stack_trace(text, reason):
    assert reason_of(RuntimeError(text)) == reason
