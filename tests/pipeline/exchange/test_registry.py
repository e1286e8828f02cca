"""Formats by name: the built-in ones, and a toy format of a plugin file, imported and exported."""

from pathlib import Path

import numpy as np
import pytest

from features.store import open_store
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle
from pipeline.exchange.registry import Format, entry_named, format_names, reader_of, register, writer_of
from tests.conftest import run

PLUGIN = '''
"""Features as lines of text: id, class, numbers."""
import numpy as np
import pandas as pd
from pipeline.exchange.bundle import Bundle, FeatureSet, entry_of, item_of
from pipeline.exchange.registry import Format, register

def read(path, options):
    cells = [line.split() for line in path.read_text().splitlines()]
    table = pd.DataFrame({"utterance": [c[0] for c in cells], "mood": [c[1] for c in cells]})
    values = [np.array([c[2:]], float) for c in cells]
    items = [item_of(c[0], entry_of(v, pooled=v[0])[0]) for c, v in zip(cells, values)]
    names = tuple(f"n{i}" for i in range(values[0].shape[1]))
    return Bundle(table, features=(FeatureSet("lines", "audio", names, names, items),))

def write(bundle, path):
    store = bundle.features[0]
    moods = bundle.utterances["mood"]
    lines = [f"{item.utterance} {mood} " + " ".join(map(str, item.load().clips["pooled"].tolist()))
             for item, mood in zip(store.items, moods)]
    path.write_text("\\n".join(lines) + "\\n")

register("lines", Format(read, write))
'''


def test_built_in_formats_and_their_directions() -> None:
    assert {"npz", "csv", "parquet", "mmsa", "csd", "erc"} <= set(format_names())
    assert [name for name in ("csv", "erc", "mmsa", "npz") if entry_named(name).write] == ["mmsa", "npz"]
    assert [name for name in format_names() if entry_named(name).scored_parts] == ["mmsa"]


def test_unknown_formats_and_unsupported_directions_are_refused() -> None:
    with pytest.raises(UserError, match=r"'parqet'.*did you mean 'parquet'"):
        reader_of("parqet")
    with pytest.raises(UserError, match=r"'erc'.*available: npz, parquet, mmsa, csd"):
        writer_of("erc")
    with pytest.raises(UserError, match="'npz'"):
        register("npz", Format(write=lambda bundle, path: None))
    with pytest.raises(UserError, match="there is already a format named 'frames'"):
        register("frames", Format(write=lambda bundle, path: None))
    for wrong in (writer_of, Format(), Format("jsonl.read")):  # type: ignore[arg-type]
        with pytest.raises(UserError, match=r"the format 'jsonl' is .*: register\(name, Format\(read, write\)\) needs"):
            register("jsonl", wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    [n for n in format_names() if entry_named(n).read and entry_named(n).write and not entry_named(n).scored_parts],
)
def test_every_format_that_is_read_and_written_gives_back_the_bundle(name: str, tmp_path: Path) -> None:
    import pandas as pd

    from pipeline.exchange.bundle import FeatureSet, ImportOptions, entry_of, item_of, pooled_names_of

    table = pd.DataFrame({"utterance": ["a", "b"], "score": [0.5, -1.0]}).astype({"utterance": "str"})
    entries = [entry_of(np.array([[1.0, 2.0], [3.0, 4.0]]))[0], entry_of(np.zeros((0, 2)))[0]]
    items = [item_of(u, e) for u, e in zip("ab", entries, strict=True)]
    made = Bundle(table, features=(FeatureSet("voice", "audio", ("x", "y"), pooled_names_of(("x", "y")), items),))
    writer_of(name)(made, tmp_path / "out")
    found = reader_of(name)(tmp_path / "out", ImportOptions())
    assert found.utterances["score"].tolist() == [0.5, -1.0]
    first, second = (item.load() for item in found.features[0].items)
    np.testing.assert_array_equal(first.rows["values"], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(first.clips["pooled"], [2, 3, 1, 1])
    assert (second.status, second.note) == ("empty", "no rows")


def test_a_format_of_a_plugin_is_imported_and_exported(tmp_path: Path) -> None:
    (tmp_path / "lines_format.py").write_text(PLUGIN)
    lines = "".join(f"u{i} {'ab'[i % 2]} {i}.0 {i * i}.0\n" for i in range(8))
    (tmp_path / "f.txt").write_text(lines)
    (tmp_path / "params.yaml").write_text("run: {plugins: [lines_format.py]}\n")
    options = ("--corpus", "mine", "--label", "mood", "--task", "classification", "--folds", "2")
    run("import", "lines", "f.txt", *options, cwd=tmp_path)
    with open_store(tmp_path / "data/work/mine/features/lines.h5") as store:
        np.testing.assert_array_equal(store.pooled(), [[i, i * i] for i in range(8)])
    run("prepare", "--corpus", "mine", cwd=tmp_path)
    run("export", "lines", "out.txt", "--corpus", "mine", cwd=tmp_path)
    assert (tmp_path / "out.txt").read_text() == lines
