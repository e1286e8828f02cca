"""Which classes a saved model may hold, and which a network may be built of: an allow list, never a name in a file.

A file that somebody sent can name anything. A class is only looked up where its full name is on one of these lists: the
classes of scikit-learn and XGBoost that this project's own strategies are made of, the classes that `models` and
`features.text` define, and those of the plugins that the user's settings name.
"""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from models.errors import ModelError

NETS = "models.nets.modules"  # the module of this project's networks
_TORCH = (NETS, "models.nets.layers")  # modules of torch are built anew for their weights, and never objects of a file
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
    """Let models hold classes that these modules (a user's plugins), or modules inside these packages, define."""
    _PLUGINS.update(modules)


def class_named(name: str) -> type | None:
    """Return the class that ``module.Class`` names, or None where a saved model may not hold it."""
    module, _, attribute = name.rpartition(".")
    if name in _LIBRARIES or (module not in _TORCH and _inside(module, _OWN)) or _inside(module, _PLUGINS):
        found = _defined(module, attribute)
    else:
        found = _estimators().get(name) if _PLUGINS and module.startswith("sklearn.") else None
    return found if isinstance(found, type) else None


def network_class(build: str) -> Any:
    """Return the torch module's class that ``module:Class`` names.

    Raises
    ------
    ModelError
        If it is none of this project's networks, nor one that a plugin defines.
    """
    from torch.nn import Module

    module, _, attribute = build.partition(":") if isinstance(build, str) else ("", "", "")
    found = _defined(module, attribute) if module == NETS or _inside(module, _PLUGINS) else None
    if not (isinstance(found, type) and issubclass(found, Module)):
        raise ModelError(
            f"a network is {build!r}, which is none that {NETS} or a plugin of yours defines; if it is yours, list its "
            "module in run.plugins"
        )
    return found


def _inside(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _defined(module: str, attribute: str) -> Any:
    """Return what a module defines itself (and does not merely import) under a name; else None."""
    if not all(part.isidentifier() for part in (*module.split("."), attribute)):
        return None
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return None
    return found if getattr(found, "__module__", None) == module else None


@cache
def _estimators() -> dict[str, type]:
    """Return scikit-learn's public estimators, which a plugin's strategies may be made of."""
    from sklearn.utils import all_estimators

    classes = [found for _, found in all_estimators()]
    return {f"{found.__module__}.{found.__name__}": found for found in classes if found.__module__[:8] == "sklearn."}
