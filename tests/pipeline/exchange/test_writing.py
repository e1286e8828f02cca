"""A plugin's writer makes a file whole or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import UserError
from pipeline.exchange import registry
from pipeline.exchange.bundle import Bundle, FeatureSet, entry_of, item_of
from pipeline.exchange.registry import Format
from pipeline.exchange.writing import write_bundle

ITEMS = [item_of(name, entry_of(np.ones((1, 1)))[0]) for name in "abcd"]
BUNDLE = Bundle(pd.DataFrame({"utterance": list("abcd")}), features=(FeatureSet("v", "audio", ("x",), ("x",), ITEMS),))


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that writes `BUNDLE` to a path with a given writer."""

    def write_it(writer: Any, path: Path) -> None:
        monkeypatch.setitem(registry._FORMATS._entries, "jsonl", Format(write=writer))
        write_bundle("jsonl", BUNDLE, path)

    return write_it


def lines(bundle: Bundle, path: Path, stop: str = "") -> None:
    with path.open("w") as file:
        for item in bundle.features[0].items:
            if item.utterance == stop:
                raise KeyError(stop)
            file.write(f"{item.utterance}\n")


def fourth_fails(bundle: Bundle, path: Path) -> None:
    lines(bundle, path, "d")


def test_a_file_replaces_the_one_before(write: Any, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("old\n")
    write(lines, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == "a\nb\nc\nd\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_failed_writer_leaves_the_old_files(write: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"fourth_fails failed in line \d+ of test_writing\.py: KeyError: 'd'"):
        write(fourth_fails, tmp_path / "new.jsonl")
    assert not list(tmp_path.iterdir())
    (tmp_path / "out.jsonl").write_text("old\n")
    with pytest.raises(UserError, match="KeyError"):
        write(fourth_fails, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == "old\n"
    assert len(list(tmp_path.iterdir())) == 1


def test_system_errors_name_the_given_path(write: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write(lambda bundle, path: path.read_text(), tmp_path / "out.jsonl")
    assert caught.value.filename == str(tmp_path / "out.jsonl")


def test_a_folder_may_be_written_but_not_replaced(write: Any, tmp_path: Path) -> None:
    write(lambda bundle, path: path.mkdir(), tmp_path / "out")
    assert (tmp_path / "out").is_dir()
    with pytest.raises(UserError, match="out is a folder that already exists"):
        write(lines, tmp_path / "out")
    with pytest.raises(UserError, match="wrote nothing to the path that it was given"):
        write(lambda bundle, path: None, tmp_path / "other")
