import subprocess
import sys

import pytest


def loaded(code):
    listing = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"]
    return set(subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "evaluation.metrics",
        "evaluation.intervals",
        "validation.protocol",
        "validation.leaks",
        "registry",
        "data.modalities",
        "classical.classifiers",
    ],
)
def test_light_modules_stay_light(module):
    assert not {"torch", "xgboost", "skorch", "sklearn", "scipy"} & loaded(f"import models.{module}")


def test_models_load_no_framework_that_they_do_not_use():
    found = loaded(
        "import models.classical.unimodal, models.fusion.early, models.fusion.late, models.classical.baselines"
    )
    assert not {"torch", "xgboost", "skorch"} & found
