"""The lists of classes and networks that a saved model may hold."""

from importlib import import_module

import pytest

from models.errors import ModelError
from models.nets.trained_net import TrainedNet
from models.saving import checks_libraries, checks_own, shapes, trusted
from models.saving.trusted import class_named, network_class, trust
from tests.conftest import ROOT
from tests.models.saving.tampering import net, refused, with_attribute


def test_a_network_is_checked_where_it_is_built(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for build in ("os:system", "subprocess:run", "builtins:eval", "torch.nn:Linear", "models.nets.modules:math.sqrt"):
        with pytest.raises(ModelError, match=r"neither models\.nets\.modules nor a plugin defines"):
            TrainedNet(build, {"command": "touch RAN"}).untrained()
    assert not (tmp_path / "RAN").exists()


def test_only_classes_that_a_listed_plugin_defines_are_accepted(tmp_path, monkeypatch, folder):
    source = "import os\nfrom torch import nn\nclass Mine:\n    pass\nclass Net(nn.Module):\n    pass\ndef run(command):\n    os.system(command)\n"  # noqa: E501
    (tmp_path / "my_listed_plugin.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("models.saving.trusted._PLUGINS", set())
    assert class_named("my_listed_plugin.Mine") is None
    assert class_named("sklearn.neighbors._classification.KNeighborsClassifier") is None
    trust(["my_listed_plugin"])
    assert class_named("my_listed_plugin.Mine").__name__ == "Mine"
    assert network_class("my_listed_plugin:Net").__name__ == "Net"
    assert (
        class_named("sklearn.neighbors._classification.KNeighborsClassifier") is not None
    )  # strategies are made from it
    for other in ("my_listed_plugin.run", "my_listed_plugin.os", "my_listed_plugin.nn", "my_listed_plugin2.Mine"):
        assert class_named(other) is None
    with pytest.raises(ModelError):
        network_class("my_listed_plugin:run")
    with_attribute(folder, net("my_listed_plugin:run", command=f"touch {tmp_path / 'RAN'}"))
    refused(folder, "network 'my_listed_plugin:run'")
    assert not (tmp_path / "RAN").exists()


CHECKED = sorted({*shapes._SHAPES, *checks_own.RULES, *checks_libraries.RULES, *trusted._LIBRARIES})


@pytest.mark.parametrize("name", CHECKED)
def test_every_checked_name_is_that_of_a_class(name):
    """A class that moves, or that a library renames, would go unchecked."""
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, type)
    assert f"{found.__module__}.{found.__qualname__}" == name


def test_a_module_of_torch_is_never_an_object_of_a_file():
    from torch.nn import Module

    modules = [import_module(f"models.nets.{path.stem}") for path in (ROOT / "models" / "nets").glob("*.py")]
    classes = {found for module in modules for found in vars(module).values() if isinstance(found, type)}
    torch = [found for found in classes if issubclass(found, Module) and found.__module__.startswith("models.")]
    assert len(torch) > 15
    assert not any(trusted.class_named(f"{found.__module__}.{found.__qualname__}") for found in torch)
