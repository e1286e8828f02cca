"""Readers by name: the built-in ones, and a toy corpus that a plugin file registers."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.corpora import manifest
from pipeline.corpora.registry import description, reader, reader_names, register
from pipeline.errors import UserError
from tests.conftest import run

PLUGIN = '''
"""A corpus whose label file has one line per utterance: name, class, text."""
import pandas as pd
from pipeline.corpora.base import Description
from pipeline.corpora.problems import Problem
from pipeline.corpora.published.files import utterance_row, word_table
from pipeline.corpora.registry import register
from pipeline.corpora.utterances import Corpus

DESCRIPTION = Description(
    title="Lines", citation="none", licence="free", obtain="from nobody", folders={"lines.txt": "all of it"},
    labels={"mood": "2 classes"}, counts={"lines": 4}, protocol="by line",
    block={"task": "classification", "label": "mood", "modalities": ["text"],
           "protocol": {"kind": "group-kfold", "folds": 2, "group": "group"}},
)

def read(root, corpus):
    rows, problems = [], []
    for line, content in enumerate((root / "lines.txt").read_text().splitlines(), 1):
        name, mood, text = content.split(" ", 2)
        if mood not in ("good", "bad"):
            problems.append(Problem("error", root / "lines.txt", line, f"the mood is {mood!r}"))
        rows.append(utterance_row(utterance=name, recording=name, text=text, group=name, mood=mood, line=line))
    return Corpus(pd.DataFrame(rows), word_table(()), problems)

register("lines", read, DESCRIPTION)
'''
LINES = "a good what a day\nb bad oh no\nc good well done\nd bad not again\n"


def test_built_in_readers_are_registered() -> None:
    assert {"manifest", "mosi", "iemocap", "meld"} <= set(reader_names())
    assert reader("manifest") is manifest.read
    assert description("manifest") is None
    assert description("meld").title.startswith("MELD")  # type: ignore[union-attr]


def test_unknown_and_duplicate_names_are_refused() -> None:
    with pytest.raises(UserError, match=r"'mield'.* did you mean 'meld'"):
        reader("mield")
    with pytest.raises(UserError, match="'manifest'"):
        register("manifest", lambda root, corpus: manifest.read(root, corpus))
    with pytest.raises(UserError, match=r"the corpus reader 'birds' is 'birds.read': register.* needs a function"):
        register("birds", "birds.read")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="the description of the corpus reader 'birds' is 'Birds': make it a Descr"):
        register("birds", manifest.read, "Birds")  # type: ignore[arg-type]
    register("manifest", manifest.read)  # the same entry again changes nothing
    assert reader("manifest") is manifest.read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lines_corpus.py").write_text(PLUGIN)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "lines.txt").write_text(LINES)
    (tmp_path / "params.yaml").write_text("run: {plugins: [lines_corpus.py], corpora: []}\n")
    return tmp_path


def test_a_corpus_of_a_plugin_is_shown_added_and_prepared(folder: Path) -> None:
    assert "Licence: free" in run("corpora", "show", "lines", cwd=folder).stdout
    run("add-corpus", "mine", "--reader", "lines", "--root", "raw", cwd=folder)
    run("prepare", "--corpus", "mine", cwd=folder)
    table = pd.read_csv(folder / "data/work/mine/utterances.csv")
    assert table["mood"].tolist() == ["good", "bad"] * 2
    assert table["text"].tolist()[0] == "what a day"


def test_a_bad_row_of_a_plugins_corpus_is_named_by_file_and_line(folder: Path) -> None:
    run("add-corpus", "mine", "--reader", "lines", "--root", "raw", cwd=folder)
    (folder / "raw" / "lines.txt").write_text(LINES.replace("b bad", "b sad"))
    done = run("prepare", "--corpus", "mine", cwd=folder, check=False)
    assert done.returncode == 1
    assert "lines.txt:2: the mood is 'sad'" in done.stderr
