"""Convert objects of compiled code (decision trees, boosters, sparse matrices) to plain values and back.

Compiled code follows indices without checking them, so every index is checked before such an object is built.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import ModelError
from models.saving import boosters, trees


@dataclass(frozen=True)
class Codec:
    """Functions that convert objects of a class to plain values (`state`) and back (`build`)."""

    state: Callable[[Any], Any]
    build: Callable[[Any], Any]


def _sparse_state(matrix: Any) -> dict[str, Any]:
    return {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr, "shape": matrix.shape}


def _sparse_builder(kind: str) -> Callable[[Any], Any]:
    def build(state: Mapping[str, Any]) -> Any:
        from scipy import sparse

        try:
            arrays = (state["data"], state["indices"], state["indptr"])
            matrix = getattr(sparse, kind)(arrays, shape=state["shape"])
            matrix.check_format(full_check=True)
        except (ValueError, TypeError) as error:
            raise ModelError(f"a sparse matrix in the model is damaged: {error}") from error
        return matrix

    return build


# module.Class -> codec of its objects
CODECS: dict[str, Codec] = {
    "sklearn.tree._tree.Tree": Codec(trees.tree_state, trees.build_tree),
    "scipy.sparse._csr.csr_array": Codec(_sparse_state, _sparse_builder("csr_array")),
    "scipy.sparse._csr.csr_matrix": Codec(_sparse_state, _sparse_builder("csr_matrix")),
    "xgboost.core.Booster": Codec(boosters.state, boosters.build),
}
