"""`import crossmodal` as a notebook uses it: quick, from any folder, with scikit-learn's own tools, on real clips."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score, learning_curve

import crossmodal as cm
from tests.conftest import environment


@pytest.fixture
def inside(demo_project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the project, below the one with its settings."""
    folder = demo_project / "corpus"
    monkeypatch.chdir(folder)
    yield folder
    assert Path.cwd() == folder


@pytest.mark.parametrize("sequences", [False, True])
def test_scikit_learns_tools_work_with_groups_kept_apart(inside: Path, sequences: bool) -> None:
    X, y, groups = cm.load("demo", sequences=sequences)
    model, folds = cm.estimator("demo", "concat"), GroupKFold(2)
    scores = cross_val_score(model, X, y, groups=groups, cv=folds)
    assert scores.shape == (2,)
    if sequences:
        return
    search = GridSearchCV(model, {"reducer": ["concat", "pca"]}, cv=folds).fit(X, y, groups=groups)
    assert search.cv_results_["split0_test_score"][0] == scores[0]
    sizes, _, tested = learning_curve(model, X, y, groups=groups, cv=folds, train_sizes=[3, 6])
    assert sizes.tolist() == [3, 6]
    assert tested[1].tolist() == scores.tolist()
    train, test = next(folds.split(X, y, groups))
    assert not set(groups.iloc[train]) & set(groups.iloc[test])
    calibrated = CalibratedClassifierCV(model, cv=list(folds.split(X[train], y.iloc[train], groups.iloc[train])))
    shares = calibrated.fit(X[train], y.iloc[train]).predict_proba(X[test])
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_permutation_importance_is_that_of_each_modality(inside: Path) -> None:
    X, y, _ = cm.load("demo")
    model = cm.estimator("demo", "unimodal", modalities="audio", model="logistic").fit(X, y)
    found = permutation_importance(model, X, y, n_repeats=3, random_state=0)
    assert X.columns == ("text", "audio", "video")
    assert found.importances[[0, 2]].tolist() == [[0.0] * 3] * 2  # which the model does not read
    assert found.importances_mean[1] > 0


def test_the_results_are_found_from_a_folder_of_the_project_and_from_elsewhere(
    inside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = cm.table("demo")
    store = inside.parent / "data" / "work" / "demo" / "features" / "vader.h5"
    relative = cm.features("../data/work/demo/features/vader.h5")
    pd.testing.assert_frame_equal(cm.features("vader", corpus="demo").to_frame(), relative.to_frame())
    assert cm.features("audio", corpus="demo").pooled is None
    with pytest.raises(cm.CrossmodalError, match="no features 'vadr'; did you mean 'vader'"):
        cm.features("vadr", corpus="demo")
    monkeypatch.chdir(tmp_path)
    pd.testing.assert_frame_equal(cm.table("demo", project=str(inside.parent)), here)
    pd.testing.assert_frame_equal(cm.features(str(store)).to_frame(), relative.to_frame())
    with pytest.raises(cm.CrossmodalError, match=r"holds a params\.yaml"):
        cm.load("demo")
    monkeypatch.chdir(inside)


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code as a notebook or a script in a folder does, where its own files are found first."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment())


def test_importing_it_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("torch", "pandas", "numpy", "sklearn", "h5py", "pydantic", "mediapipe")
    done = python(f"import crossmodal, sys; print([m for m in {heavy} if m in sys.modules])", tmp_path)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(("name", "first"), [("models", ""), ("features", "import features; "), ("pipeline", "")])
def test_a_file_of_the_users_that_hides_a_package_is_named(tmp_path: Path, name: str, first: str) -> None:
    (tmp_path / f"{name}.py").write_text("mine = 1\n")
    done = python(f"{first}import crossmodal", tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert str(tmp_path / f"{name}.py") in last
    assert "rename it, or move it to another folder, and start Python again" in last
    assert last.startswith("crossmodal.HiddenPackageError")


def test_a_folder_of_such_a_name_without_code_hides_nothing(tmp_path: Path) -> None:
    for name in ("models", "features", "common"):
        (tmp_path / name).mkdir()
    done = python("import crossmodal; print('ready')", tmp_path)
    assert done.stdout == "ready\n", done.stderr


def test_what_is_public_is_documented_and_typed() -> None:
    assert dir(cm) == sorted(cm.__all__)  # which a notebook completes
    for name in cm.__all__:
        assert getattr(cm, name).__doc__, name
    functions = [name for name in cm.__all__ if callable(getattr(cm, name)) and name[0].islower()]
    assert set(functions) == {"answer", "estimator", "extract", "features", "fit", "load", "predict", "table"}
