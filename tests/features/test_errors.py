"""Errors: which setting a message names."""

import pytest

from features.errors import EmptyInput, ExtractorError, names_setting


def test_the_setting_is_named_once_and_the_message_is_one_line() -> None:
    with (
        pytest.raises(ExtractorError) as caught,
        names_setting("voice"),
        names_setting("voice"),
    ):
        raise ExtractorError("no model can be loaded:\n  it is damaged")
    assert str(caught.value) == "features.voice: no model can be loaded: it is damaged"


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(EmptyInput, match=r"^no face$"), names_setting("voice"):
        raise EmptyInput("no face")
