"""The page and the files beside it name recordings as the corpus does, and never the folders of this machine."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline.reporting.features_page import page_of_features
from pipeline.reporting.showing.shown import as_page, shown
from pipeline.reporting.utterance.known import Known, known_of
from pipeline.reporting.utterance.parts import FOLDER
from pipeline.reporting.utterance.section import data_sections
from pipeline.reporting.utterance.shortening import shortening_of
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import load_params
from pipeline.stages.prepare import prepare
from pipeline.stages.preprocess import preprocess
from tests.pipeline.reporting.looked_at import PARAMS


def known(media: list[str], root: str) -> Known:
    table = pd.DataFrame({"utterance": media, "media": media, "sound": ""})
    return Known("c", "", (), table, {}, {}, {}, root=root)


def test_recordings_outside_the_project_keep_what_they_do_not_share() -> None:
    shorten = shortening_of(known(["/disk/corpus/s1/a.mp4", "/disk/corpus/s2/a.mp4"], "data/raw/c"))
    assert shorten("cannot read /disk/corpus/s2/a.mp4: gone") == "cannot read s2/a.mp4: gone"
    assert shorten("data/raw/c/a.mp4") == "data/raw/c/a.mp4"
    assert shorten(f"{Path.cwd()}/data/log; {Path.home()}/.cache/model") == "data/log; .cache/model"
    assert shorten("https://example.org/disk/corpus/s1/a.mp4") == "https://example.org/disk/corpus/s1/a.mp4"


def test_recordings_that_share_no_folder_have_only_their_names() -> None:
    shorten = shortening_of(known(["/disk/one/a.mp4", f"{Path.home()}/films/b.mp4"], "."))
    assert [shorten(one) for one in ("/disk/one/a.mp4", f"{Path.home()}/films/b.mp4")] == ["a.mp4", "b.mp4"]


HOME = Path.home()


@pytest.mark.parametrize(
    ("media", "shown"),
    [
        ([f"{HOME}/s01/clip.mp4", f"{HOME}/s02/clip.mp4"], ["s01/clip.mp4", "s02/clip.mp4"]),
        (["/disk/s01/clip.mp4", f"{HOME}/s02/clip.mp4"], ["s01/clip.mp4", "s02/clip.mp4"]),
        (["/disk/a/x.mp4", "/disk/a/b/x.mp4", f"{HOME}/films/y.mp4"], ["x.mp4", "b/x.mp4", "y.mp4"]),
        (["/disk/x.mp4", "/other/x.mp4"], ["/disk/x.mp4", "/other/x.mp4"]),
        ([f"{Path.cwd()}/x.mp4", "/disk/x.mp4"], ["x.mp4", "/disk/x.mp4"]),
        (["x.mp4", f"{HOME}/x.mp4"], ["x.mp4", f"{HOME}/x.mp4"]),
    ],
)
def test_two_recordings_never_have_the_same_path(media: list[str], shown: list[str]) -> None:
    shorten = shortening_of(known(media, "data/raw/c"))
    assert [shorten(one) for one in media] == shown
    assert shorten(f"cannot read {media[0]}") == f"cannot read {shown[0]}"


def test_no_page_holds_a_folder_of_this_machine(
    tmp_path: Path, made_to_look_at: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest of a project names recordings by absolute paths outside of it; one of them is broken."""
    films, project = tmp_path / "films", tmp_path / "project"
    shutil.copytree(made_to_look_at / "c", films)
    (project / "c").mkdir(parents=True)
    table = pd.read_csv(films / "manifest.csv", keep_default_na=False)
    table["media"] = [str(films / one) if one else "" for one in table["media"]]
    table.to_csv(project / "c/manifest.csv", index=False)
    (project / "params.yaml").write_text(PARAMS)
    monkeypatch.chdir(project)
    params = load_params(Path("params.yaml"))
    prepare(params, "c")
    for modality in ("text", "audio", "video"):
        preprocess(params, "c", modality, Pool(0))  # type: ignore[arg-type]
    assert str(films) in json.dumps(known_of(params, "c").table["media"].tolist())
    for clips in ("inside", "beside"):
        own = replace(params, report=replace(params.report, clips=clips))  # type: ignore[arg-type]
        page = page_of_features(own, "c", "no labels", data_sections(own, "c", Pool(0)))
        beside = [path.read_text() for path in (Path("results/c") / FOLDER).glob("*.js")]
        written = "".join([page, *beside])
        assert str(tmp_path) not in written
        assert '"media":"a.mp4"' in written
        assert "broken.mp4" in written
    one = shown(params, "broken")
    assert str(tmp_path) not in as_page(one)
    assert one.facts["media"] == str(films / "broken.mp4")  # a terminal shows where it is
