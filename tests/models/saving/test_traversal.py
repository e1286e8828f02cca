"""The parts of a fitted model: each object once, the same paths in equal models, only what is saved."""

import numpy as np

from models.fit_cache import FitCache
from models.saving.traversal import iter_parts
from tests.models.saving.tampering import trained


class Node:
    def __init__(self, **parts):
        self.__dict__.update(parts)


def test_every_object_once_with_the_first_path():
    shared = Node()
    root = Node(b=[shared, (shared, Node())], a={"x": shared, 1: Node()})
    assert [path for path, _ in iter_parts(root)] == ["", "a.1", "a.x", "b.1.1"]


class Slotted:
    __slots__ = ("inside",)

    def __init__(self, inside):
        self.inside = inside


def test_every_container_is_searched():
    row = np.empty((1, 2), object)
    row[0, 1] = Node()
    root = Node(a={(1, 2): Node()}, b={"x"}, c={Node(deep=[Node()])}, d=row, e=Slotted(Node()))
    assert [path for path, _ in iter_parts(root)] == ["", "a.(1, 2)", "c.0", "c.0.deep.0", "d.1", "e", "e.inside"]


def test_circles_end():
    one = Node()
    one.other = Node(back=one)
    assert [path for path, _ in iter_parts(one)] == ["", "other"]


def test_what_is_not_saved_is_not_a_part():
    cache = FitCache()
    cache._fitted["key"] = Node()
    assert [path for path, _ in iter_parts(Node(cache=cache, function=len, kind=Node))] == ["", "cache"]


def test_equal_models_have_equal_paths():
    first, second = (trained("stacking", "classification")[0] for _ in range(2))
    assert [p for p, _ in iter_parts(first)] == [p for p, _ in iter_parts(second)]
