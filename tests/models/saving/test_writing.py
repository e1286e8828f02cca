"""Fitted objects as plain values: equal models give equal bytes."""

import subprocess
import sys

from models.saving.saving import save
from tests.models.saving.tampering import WORDS, trained


def fit_and_save(folder):
    for classifier in ("logistic", "xgboost"):
        model, _ = trained("concat", "classification", classifier, fitted=WORDS, classifier_settings={})
        save(model, folder / classifier, {"corpus": "toy"})
    save(trained("stacking", "classification")[0], folder / "stacking", {})


def test_equal_fits_of_two_processes_are_the_same_bytes(tmp_path):
    fit_and_save(tmp_path / "a")
    script = "import sys\nfrom pathlib import Path\nfrom tests.models.saving.test_writing import fit_and_save\n"
    script += "fit_and_save(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "b")], check=True)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").glob("*/*"))
    assert len(files) == 9
    assert [str(f) for f in files if (tmp_path / "a" / f).read_bytes() != (tmp_path / "b" / f).read_bytes()] == []
