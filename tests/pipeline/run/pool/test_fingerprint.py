"""The check of a worker before it gets work."""

from pathlib import Path

import pytest

from pipeline.run.pool import fingerprint as module
from pipeline.run.pool.fingerprint import differences, fingerprint, is_known


@pytest.fixture
def probe(tmp_path: Path) -> str:
    path = tmp_path / "probe"
    path.write_text("told")
    return str(path)


def test_an_equal_process_may_work(probe: str) -> None:
    assert differences(fingerprint(()), (), probe, "told", "pool 1") == []
    assert is_known("pool 1")
    assert not is_known("pool 2")


@pytest.mark.parametrize("name", ["Python", "the code of crossmodal", "numpy", "torch", "av"])
def test_each_difference_is_named(name: str, probe: str) -> None:
    wanted = fingerprint(()) | {name: "0.1"}
    (why,) = differences(wanted, (), probe, "told", f"pool {name}")
    assert why == f"{name} is {fingerprint(())[name]}, here 0.1"
    assert not is_known(f"pool {name}")


def test_a_package_that_is_missing_on_either_side_is_named(probe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = fingerprint(())
    monkeypatch.setattr(module, "PACKAGES", ("numpy", "no-such-package"))
    module._installed.cache_clear()
    assert fingerprint(())["no-such-package"] == "missing"
    assert f"scipy is missing, here {wanted['scipy']}" in differences(wanted, (), probe, "told", "pool 3")
    monkeypatch.undo()
    module._installed.cache_clear()


@pytest.mark.parametrize("content", ["other", None, b"\xff"])
def test_other_files_are_noticed(content: str | bytes | None, probe: str) -> None:
    path = Path(probe)
    path.unlink()
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    (why,) = differences(fingerprint(()), (), probe, "told", "pool 4")
    assert why == f"it does not see the files of {path.parent}"
    assert not is_known("pool 4")


def test_the_loaded_version_of_a_plugin_counts(tmp_path: Path, probe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text("A = 1\n")
    plugins = (str(plugin), "no.such.module")
    before = fingerprint(plugins)
    assert before["the plugin no.such.module"] == "missing"
    plugin.write_text("A = 2\n")  # a running process keeps the code that it has loaded
    assert fingerprint(plugins) == before
    monkeypatch.setattr("pipeline.settings.plugins._KEYS", {})  # a new process
    (why,) = differences(before, plugins, probe, "told", "pool 5")
    assert why.startswith(f"the plugin {plugin} is ")
