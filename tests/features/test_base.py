"""The contract that every extractor keeps, checked for each registered one."""

from dataclasses import is_dataclass

import pytest

from features.base import MODALITIES, Extractor
from features.registry import extractor_class, extractor_names


def test_there_are_three_modalities_in_the_order_of_all_tables():
    assert MODALITIES == ("text", "audio", "video")


@pytest.mark.parametrize("missing", ["feature_names", "pooled_names", "extract"])
def test_an_extractor_that_lacks_a_part_cannot_be_made(missing):
    whole = {"feature_names": ("a",), "pooled_names": ("a",), "extract": lambda self, stream: None}
    assert type("Whole", (Extractor,), whole)({"x": 1}).config == {"x": 1}
    part = type("Part", (Extractor,), {name: given for name, given in whole.items() if name != missing})
    with pytest.raises(TypeError, match=missing):
        part(None)


def test_an_extractor_without_weights_names_none_and_is_not_light():
    whole = {"feature_names": ("a",), "pooled_names": ("a",), "extract": lambda self, stream: None}
    made = type("Whole", (Extractor,), whole)(None)
    assert (made.weights(), made.packages, made.light) == ((), (), False)


@pytest.mark.parametrize("name", extractor_names())
def test_every_extractor_describes_itself(name):
    cls = extractor_class(name)
    assert cls.name == name
    assert cls.modality in MODALITIES
    assert cls.version >= 1
    assert is_dataclass(cls.Config)
    assert cls.Config.__dataclass_params__.frozen
