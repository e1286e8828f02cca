"""Which utterance or recording is meant, and what is said where none is."""

import shutil
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.reporting.showing.finding import corpus_of, found
from pipeline.settings.params import Params, load_params
from tests.pipeline.reporting import looked_at


def test_an_id_is_found_in_the_corpus_that_holds_it(looking: Params) -> None:
    assert corpus_of(looking, "words only", "") == "c"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("brokn", "did you mean 'broken'"),
        ("zzzzzzz", "'zzzzzzz' is neither an utterance of c nor a file: the first ids are"),
    ],
)
def test_an_unknown_id_has_near_ones(looking: Params, wanted: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        corpus_of(looking, wanted, "")


def test_an_id_of_several_corpora_asks_which(
    tmp_path: Path, made_to_look_at: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made_to_look_at, tmp_path, dirs_exist_ok=True)
    shutil.copytree(tmp_path / "data/work/c", tmp_path / "data/work/d")
    text = (tmp_path / "params.yaml").read_text()
    block = text[text.index("  c: {reader") : text.index("features:")]
    (tmp_path / "params.yaml").write_text(
        text.replace("features: {extract", block.replace("  c:", "  d:") + "features: {extract")
    )
    monkeypatch.chdir(tmp_path)
    params = load_params(Path("params.yaml"))
    with pytest.raises(UserError, match="the corpora c, d all have an utterance 'a': choose one with --corpus"):
        corpus_of(params, "a", "")
    assert corpus_of(params, "a", "d") == "d"


def test_streams_that_are_not_there_are_made_for_one_utterance_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at.make(tmp_path, streams=False)
    monkeypatch.chdir(tmp_path)
    with found(load_params(Path("params.yaml")), "a", "", None) as place:
        assert place.name != "c"
        assert "c has no streams yet" in place.remarks[0]
        assert (Path("data/work") / place.name / "streams/video.h5").exists()
    assert [path.name for path in Path("data/work").iterdir()] == ["c"]


def test_a_transcript_belongs_to_a_recording(looking: Params) -> None:
    with pytest.raises(UserError, match="--text is the transcript of a recording"), found(looking, "a", "", "hello"):
        pass
