import pytest

from pipeline.errors import UserError
from pipeline.ingest.extra import extra_missing, require


def test_the_error_names_the_purpose_the_package_and_the_command() -> None:
    message = str(extra_missing("faster-whisper", "speech is found"))
    assert message.startswith("speech is found by the package faster-whisper")
    assert message.endswith('pip install "crossmodal[speech]"')


def test_an_installed_package_is_not_missed() -> None:
    require("numpy", "numbers are added")
    with pytest.raises(UserError, match=r"numbers are added by the package no-such-package, which is not installed"):
        require("no-such-package", "numbers are added")
