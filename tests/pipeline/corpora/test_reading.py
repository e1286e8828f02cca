"""A reader's result is checked against its contract: each breach, and each exception, gives one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.corpora import registry
from pipeline.corpora.base import CorpusReader
from pipeline.corpora.problems import Problem
from pipeline.corpora.published.files import utterance_row, word_table
from pipeline.corpora.reading import read_corpus
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from tests.conftest import run

SETTINGS = CorpusParams(
    "birds", "raw", "classification", "species", ("text",), ProtocolParams("group-kfold", 2, "group")
)


def rows(**changed: Any) -> list[dict[str, Any]]:
    """Return two utterances; `changed` cells are those of the second."""
    made = [
        utterance_row(utterance=name, recording=f"{name}.wav", text="tweet", species=species)
        for name, species in (("a", "tit"), ("b", "owl"))
    ]
    return [made[0], {**made[1], **changed}]


def corpus(table: Any, words: Any = None, problems: Any = ()) -> Corpus:
    return Corpus(table, word_table(()) if words is None else words, problems)


@pytest.fixture
def returned(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Corpus]:
    """Return a function that reads the corpus `birds` with a reader that returns a given value."""

    def read_it(result: Any) -> Corpus:
        def read(root: Path, settings: CorpusParams) -> Any:
            return result() if callable(result) else result

        monkeypatch.setitem(registry._READERS._entries, "birds", CorpusReader(read))
        return read_corpus(SETTINGS)

    return read_it


def test_an_empty_group_becomes_the_recording(returned: Any) -> None:
    table = returned(corpus(pd.DataFrame(rows(group="wood")))).utterances
    assert table["group"].tolist() == ["a.wav", "wood"]


def test_rows_are_renumbered(returned: Any) -> None:
    parts = [pd.DataFrame([row]) for row in rows()]
    assert returned(corpus(pd.concat(parts))).utterances.index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"utterance": "a"}, "returned two utterances named 'a': names must be unique"),
        ({"utterance": ""}, "returned an utterance whose utterance is empty"),
        ({"media": Path("b.wav")}, r"the media .*b\.wav.* of utterance 2, which is a PosixPath: text is needed"),
        ({"text": None}, "the text nan of utterance 2, which is a float: text is needed, empty if it is unknown"),
        ({"start": "0"}, "the start '0' of utterance 2, which is a str: a number is needed"),
        ({"line": float("nan")}, "utterances without a line"),
        ({"split": "dev"}, "the split 'dev' of utterance 'b'; available: train, valid, test"),
    ],
)
def test_cells_that_break_the_contract_are_refused(changed: dict[str, Any], message: str, returned: Any) -> None:
    with pytest.raises(UserError, match=message):
        returned(corpus(pd.DataFrame(rows(**changed)).astype(dict.fromkeys(changed, object))))


def test_missing_columns_are_refused(returned: Any) -> None:
    table = pd.DataFrame(rows())
    with pytest.raises(UserError, match=r"without the column 'media': make each row with .*utterance_row"):
        returned(corpus(table.drop(columns="media")))
    with pytest.raises(UserError, match="without the label column 'species'; available: kind"):
        returned(corpus(table.rename(columns={"species": "kind"})))
    with pytest.raises(UserError, match="words without the column 'end'"):
        returned(corpus(table, word_table(()).drop(columns="end")))
    with pytest.raises(UserError, match="no utterances: check that raw holds the corpus"):
        returned(corpus(pd.DataFrame()))


def test_results_of_other_types_are_refused(returned: Any) -> None:
    table = pd.DataFrame(rows())
    with pytest.raises(UserError, match="read returned a DataFrame where a Corpus is needed"):
        returned(table)
    with pytest.raises(UserError, match="read returned a NoneType where a Corpus is needed"):
        returned(None)
    with pytest.raises(UserError, match="a list as the utterances of its Corpus: return a DataFrame"):
        returned(corpus(rows()))
    with pytest.raises(UserError, match="a NoneType as the problems of its Corpus"):
        returned(Corpus(table, word_table(()), None))  # type: ignore[arg-type]


def test_an_exception_is_reported_with_the_function_and_its_line(returned: Any) -> None:
    with pytest.raises(UserError, match=r"\.read failed in line \d+ of test_reading\.py: KeyError: 'species'"):
        returned(lambda: {}["species"])
    with pytest.raises(FileNotFoundError, match="labels"):
        returned(lambda: Path("labels").read_text())  # the system's error names the file already


def test_errors_that_a_reader_reports_come_before_those_of_names(returned: Any) -> None:
    problem = Problem("error", Path("raw/labels.csv"), 2, "the name 'a' was given before")
    assert returned(corpus(pd.DataFrame(rows(utterance="a")), problems=[problem])).problems == [problem]


def test_a_plugins_exception_is_reported_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "birds.py").write_text(
        "from pipeline.corpora.registry import register\n\n"
        "def read(root, settings):\n    return {}['species']\n\nregister('birds', read)\n"
    )
    (tmp_path / "raw").mkdir()
    (tmp_path / "params.yaml").write_text(
        "run: {plugins: [birds.py], corpora: [tweet]}\ncorpora:\n  tweet: {reader: birds, root: raw, "
        "task: classification, label: species, modalities: [text], protocol: {kind: group-kfold, folds: 2}}\n"
    )
    done = run("prepare", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "birds.read failed in line 4 of birds.py: KeyError: 'species'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "a reader without a description" in run("corpora", "list", cwd=tmp_path).stdout
    assert "'birds' has no description" in run("corpora", "show", "birds", cwd=tmp_path, check=False).stderr
