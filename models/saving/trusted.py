"""Which classes a saved model may contain, and which networks may be built from a saved model.

A file from somebody else can name any class. A class is therefore looked up only if it is one of those classes of
scikit-learn and XGBoost that this project's strategies use, or if it is defined in `models`, in `features.text`, or in
a plugin that the user's settings name. If there are plugins, all public estimators of scikit-learn are allowed.
"""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from models.errors import ModelError

NETS = "models.nets.modules"  # the module of this project's networks
_TORCH = (
    NETS,
    "models.nets.layers",
)  # a file never holds a torch module as an object: modules are rebuilt from their weights
_OWN = ("models", "features.text")
_LIBRARIES = frozenset(
    {
        "sklearn.compose._target.TransformedTargetRegressor",
        "sklearn.decomposition._pca.PCA",
        "sklearn.decomposition._truncated_svd.TruncatedSVD",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.ensemble._forest.RandomForestRegressor",
        "sklearn.feature_extraction.text.TfidfTransformer",
        "sklearn.feature_extraction.text.TfidfVectorizer",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.QuantileTransformer",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.svm._classes.LinearSVC",
        "sklearn.svm._classes.LinearSVR",
        "sklearn.svm._classes.SVC",
        "sklearn.svm._classes.SVR",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRegressor",
    }
)

_PLUGINS: set[str] = set()


def trust(modules: Iterable[str]) -> None:
    """Allow models to contain classes that are defined in these modules or packages (a user's plugins)."""
    _PLUGINS.update(modules)


def class_named(name: str) -> type | None:
    """Return the class named ``module.Class``, or None if a saved model may not contain it."""
    module, _, attribute = name.rpartition(".")
    if name in _LIBRARIES or (module not in _TORCH and _inside(module, _OWN)) or _inside(module, _PLUGINS):
        found = _defined(module, attribute)
    else:
        found = _estimators().get(name) if _PLUGINS and module.startswith("sklearn.") else None
    return found if isinstance(found, type) else None


def network_class(build: str) -> Any:
    """Return the class of a torch module, named ``module:Class``.

    Raises
    ------
    ModelError
        If the network is defined neither in this project nor in a plugin.
    """
    from torch.nn import Module

    module, _, attribute = build.partition(":") if isinstance(build, str) else ("", "", "")
    found = _defined(module, attribute) if module == NETS or _inside(module, _PLUGINS) else None
    if not (isinstance(found, type) and issubclass(found, Module)):
        raise ModelError(
            f"the model holds the network {build!r}, which neither {NETS} nor a plugin defines; if it is yours, list "
            "its module in run.plugins"
        )
    return found


def _inside(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _defined(module: str, attribute: str) -> Any:
    """Return the object that a module itself defines under a name, or None; imported objects do not count."""
    if not all(part.isidentifier() for part in (*module.split("."), attribute)):
        return None
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return None
    return found if getattr(found, "__module__", None) == module else None


@cache
def _estimators() -> dict[str, type]:
    """Return scikit-learn's public estimators, which strategies of plugins may use, keyed by ``module.Class``."""
    from sklearn.utils import all_estimators

    classes = [found for _, found in all_estimators()]
    return {f"{found.__module__}.{found.__name__}": found for found in classes if found.__module__[:8] == "sklearn."}
