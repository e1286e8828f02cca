"""settings: a file that can be used leaves what DVC's stages depend on; another one is refused before anything runs."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.settings.params import Params
from pipeline.stages.settings import CHECKED, PLUGINS, checked


def test_settings_that_can_be_used_always_leave_the_same(prepared: Params) -> None:
    assert checked(Path("params.yaml")) == "params.yaml can be used"
    before = CHECKED.read_bytes(), PLUGINS.read_bytes()
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("resamples: 40", "resamples: 50"))
    checked(params)
    assert (CHECKED.read_bytes(), PLUGINS.read_bytes()) == before


def test_a_plugin_changes_what_training_depends_on(prepared: Params) -> None:
    params = Path("params.yaml")
    Path("settings_plugin.py").write_text("A = 1\n")
    text = params.read_text().replace("corpora:\n  - c", "plugins: [settings_plugin.py]\n  corpora:\n  - c", 1)
    params.write_text(text)
    checked(params)
    with_plugin = PLUGINS.read_text()
    params.write_text(text.replace("[settings_plugin.py]", "[]"))
    checked(params)
    assert PLUGINS.read_text() != with_plugin
    assert CHECKED.read_text() == "The settings file can be used.\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("resamples: 40", "resample: 40", "did you mean 'resamples'"),
        ("- logistic\n", "- logistik\n", "did you mean 'logistic'"),
        ("- c\n", "- d\n", "'d'"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(prepared: Params, old: str, new: str, message: str) -> None:
    params = Path("params.yaml")
    assert old in params.read_text()
    params.write_text(params.read_text().replace(old, new, 1))
    with pytest.raises(UserError, match=message):
        checked(params)
    assert not CHECKED.exists()
