"""The classes that a saved model may hold, and the networks that may be built: only what is on a list.

A file from somebody else can name anything. So a class is looked up only if its full name is on one of these lists: the
classes of scikit-learn and XGBoost that this project's own strategies use, the classes that `models` and
`features.text` define, and those of the plugins that the user's settings name.
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
)  # torch modules are rebuilt for their weights: a file never holds one as an object
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
    """Allow models to hold classes that these modules or packages (a user's plugins) define."""
    _PLUGINS.update(modules)


def class_named(name: str) -> type | None:
    """Return the class named ``module.Class``, or None if a saved model may not hold it."""
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
        If neither this project nor a plugin defines such a network.
    """
    from torch.nn import Module

    module, _, attribute = build.partition(":") if isinstance(build, str) else ("", "", "")
    found = _defined(module, attribute) if module == NETS or _inside(module, _PLUGINS) else None
    if not (isinstance(found, type) and issubclass(found, Module)):
        raise ModelError(
            f"a network is {build!r}, which neither {NETS} nor a plugin defines; if it is yours, list its module in "
            "run.plugins"
        )
    return found


def _inside(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _defined(module: str, attribute: str) -> Any:
    """Return what a module itself defines under a name, or None; what it merely imports does not count."""
    if not all(part.isidentifier() for part in (*module.split("."), attribute)):
        return None
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return None
    return found if getattr(found, "__module__", None) == module else None


@cache
def _estimators() -> dict[str, type]:
    """Return scikit-learn's public estimators, which a plugin's strategies may use."""
    from sklearn.utils import all_estimators

    classes = [found for _, found in all_estimators()]
    return {f"{found.__module__}.{found.__name__}": found for found in classes if found.__module__[:8] == "sklearn."}
