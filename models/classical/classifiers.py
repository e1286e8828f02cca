"""The registry of base classifiers: how each is built, and the few settings among which inner folds choose.

Linear classifiers first divide the matrix that they read by the square root of its total variance, so that a penalty
has the same effect for 35 columns and for 6373. The best penalty still differs: thousands of columns that each carry a
little information need a weaker one. A setting may therefore have one list of values for few columns and another list
for many columns (`ByWidth`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common.names import Registry
from common.references import Reference
from models import references as cite
from models.classical.search_space import search_space
from models.data.modalities import TASKS, Task
from models.errors import ModelError

SEED = 0
_OF_MARGINS = (cite.CORTES, cite.PLATT)  # Platt: probabilities from a decision function
WIDE = 2000  # from this number of columns on, a matrix counts as wide


@dataclass(frozen=True)
class ByWidth:
    """The values of a setting to try: `few` for matrices with fewer than `WIDE` columns, `many` for all others."""

    few: tuple[float, ...]
    many: tuple[float, ...]

    def at(self, columns: float) -> tuple[float, ...]:
        """Return the values to try for a matrix with this number of columns."""
        return self.many if columns >= WIDE else self.few


@dataclass(frozen=True)
class Classifier:
    """A registry entry: how one kind of classifier is built.

    Attributes
    ----------
    build
        Function ``(task, settings) -> estimator``. The estimator has ``fit`` and ``predict_proba``, or ``predict`` for
        regression.
    settings
        For each task, the default of each setting: a value, a tuple of values among which inner folds choose, or a
        `ByWidth` of such tuples.
    grouped
        The tasks for which ``fit`` also takes ``groups``, because it holds out rows and must not split a group.
    words
        What the classifier is called in a sentence; by default its name.
    references
        References to cite for the classifier.
    """

    build: Callable[[Task, Mapping[str, Any]], Any]
    settings: Mapping[Task, Mapping[str, Any]]
    grouped: tuple[Task, ...] = ()
    words: str = ""
    references: tuple[Reference, ...] = ()

    def candidates(
        self, task: Task, overrides: Mapping[str, Any] | None = None, columns: float = 0
    ) -> list[dict[str, Any]]:
        """Return all combinations of settings for a matrix with `columns` columns; `overrides` replace defaults.

        Raises
        ------
        ModelError
            If a setting is unknown, if a list is empty, or if true or false is given for a number or a name.
        """
        defaults = {k: v.at(columns) if isinstance(v, ByWidth) else v for k, v in self.settings[task].items()}
        of_any_task = {key for settings in self.settings.values() for key in settings}
        return search_space(defaults, overrides, "the classifier", of_any_task)


def _scaled(*steps: Any) -> Any:
    from sklearn.pipeline import make_pipeline

    from models.data.scaling import UnitVariance

    return make_pipeline(UnitVariance(), *steps)


def _logistic(task: Task, settings: Mapping[str, Any]) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    if task == "regression":
        return _scaled(Ridge(alpha=settings["alpha"]))
    return _scaled(LogisticRegression(C=settings["C"], class_weight=settings["class_weight"], max_iter=500, tol=1e-4))


def _linear_svm(task: Task, settings: Mapping[str, Any]) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC, LinearSVR

    from models.classical.calibration import GroupCalibrated
    from models.data.scaling import RowSpace

    if task == "regression":
        fixed = {"loss": "squared_epsilon_insensitive", "dual": "auto", "max_iter": 5000, "random_state": SEED}
        machine = _scaled(RowSpace(), LinearSVR(C=settings["C"], epsilon=settings["epsilon"], **fixed))
        return TransformedTargetRegressor(machine, transformer=StandardScaler())
    weight = {"class_weight": settings["class_weight"]}
    return GroupCalibrated(
        _scaled(RowSpace(), LinearSVC(C=settings["C"], **weight, dual="auto", max_iter=5000, random_state=SEED))
    )


def _svm(task: Task, settings: Mapping[str, Any]) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, SVR

    from models.classical.calibration import GroupCalibrated

    if task == "regression":
        machine = SVR(C=settings["C"], epsilon=settings["epsilon"], gamma="scale", cache_size=500)
        return TransformedTargetRegressor(machine, transformer=StandardScaler())
    return GroupCalibrated(SVC(C=settings["C"], gamma="scale", class_weight=settings["class_weight"], cache_size=500))


def _random_forest(task: Task, settings: Mapping[str, Any]) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    forest = {**settings, "random_state": settings["seed"], "n_jobs": 1, "max_features": "sqrt"}
    del forest["seed"]
    return RandomForestRegressor(**forest) if task == "regression" else RandomForestClassifier(**forest)


def _xgboost(task: Task, settings: Mapping[str, Any]) -> Any:
    from xgboost import XGBClassifier, XGBRegressor

    fixed = {"tree_method": "hist", "n_jobs": 1, "verbosity": 0, "max_bin": 32}
    boost = {**settings, **fixed, "random_state": settings["seed"]}
    del boost["seed"]
    return XGBRegressor(**boost) if task == "regression" else XGBClassifier(**boost)


def _fcnn(task: Task, settings: Mapping[str, Any]) -> Any:
    from models.nets.fcnn import FullyConnected, NetSettings

    return FullyConnected(task, NetSettings(**settings))


def _both(**settings: Any) -> dict[Task, dict[str, Any]]:
    return {"classification": dict(settings), "regression": dict(settings)}


_BOOST = {"n_estimators": 80, "learning_rate": 0.15, "subsample": 0.8, "colsample_bytree": 0.3, "seed": SEED}
_RATES = {"learning_rate": 2e-3, "weight_decay": 1e-3}
_NET = {"layers": 1, "dropout": 0.4, **_RATES, "epochs": 60, "patience": 8, "seed": SEED}
_PENALTIES: dict[Task, dict[str, Any]] = {
    "classification": {"C": ByWidth((0.3, 1.5, 6.0), (1.5, 20.0, 150.0)), "class_weight": None},
    "regression": {"alpha": (0.3, 1.5, 8.0, 40.0)},
}
_LINEAR_MARGINS: dict[Task, dict[str, Any]] = {
    "classification": {"C": ByWidth((0.1, 0.5, 2.0), (0.3, 1.5, 8.0)), "class_weight": None},
    "regression": {"C": (0.01, 0.1, 1.0), "epsilon": 0.2},
}
_MARGINS: dict[Task, dict[str, Any]] = {
    "classification": {"C": (3.0, 20.0), "class_weight": None},
    "regression": {"C": (0.1, 0.5, 2.0), "epsilon": 0.2},
}

# A new classifier is one function and one line here (or one call of `register` in a plugin).
CLASSIFIERS: Registry[Classifier] = Registry(
    "classifier",
    ModelError,
    {
        "logistic": Classifier(_logistic, _PENALTIES, words="logistic regression"),
        "linear_svm": Classifier(
            _linear_svm, _LINEAR_MARGINS, grouped=("classification",), words="linear SVM", references=_OF_MARGINS
        ),
        "svm": Classifier(_svm, _MARGINS, grouped=("classification",), words="SVM", references=_OF_MARGINS),
        "random_forest": Classifier(
            _random_forest, _both(n_estimators=150, min_samples_leaf=2, seed=SEED), references=(cite.BREIMAN,)
        ),
        "xgboost": Classifier(_xgboost, _both(max_depth=(2, 4), **_BOOST), words="XGBoost", references=(cite.CHEN,)),
        "fcnn": Classifier(_fcnn, _both(hidden=(32, 128), **_NET), grouped=TASKS, words="a neural network"),
    },
)


def register(name: str, classifier: Classifier) -> None:
    """Add a classifier; raise `ModelError` if a different one already has this name."""
    CLASSIFIERS.register(name, classifier)


def classifier_names() -> tuple[str, ...]:
    """Return the names of all known classifiers."""
    return tuple(CLASSIFIERS)


def classifier(name: str) -> Classifier:
    """Return the classifier registered as `name`; an unknown name raises `ModelError`, which lists the known ones."""
    return CLASSIFIERS[name]
