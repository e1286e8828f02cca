"""A call runs in the project around the working directory, or in the one that is named, and leaves it again."""

import threading
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.notebook.project import absolute, project, project_or_defaults
from pipeline.settings.params import Params


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    (tmp_path / "params.yaml").write_text("run: {corpora: []}\n")
    return tmp_path


def test_the_project_is_the_closest_folder_upwards(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home / "notebooks" / "deep")
    with project() as params:
        assert Path.cwd() == home
        assert isinstance(params, Params)
    assert Path.cwd() == home / "notebooks" / "deep"


@pytest.mark.parametrize("place", ["", "params.yaml"])
def test_a_project_is_named_by_its_folder_or_its_settings(
    home: Path, place: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with project(str(home / place)):
        assert Path.cwd() == home


def test_the_folder_is_left_after_an_error_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home / "notebooks")
    with pytest.raises(ZeroDivisionError), project():
        raise ZeroDivisionError
    assert Path.cwd() == home / "notebooks"


def test_without_a_project_the_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(UserError, match=r"neither .* nor a folder above it holds a params\.yaml: .*project="),
        project(),
    ):
        pass
    with pytest.raises(UserError, match="nowhere does not exist"), project("nowhere"):
        pass


def test_outside_a_project_default_settings_are_used_in_a_folder_that_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with project_or_defaults() as params:
        used = Path.cwd()
        assert used != tmp_path
        assert "bert" in params.extract
    assert not used.exists()
    assert not list(tmp_path.iterdir())


def test_former_names_of_settings_are_warned_of(home: Path) -> None:
    (home / "params.yaml").write_text(
        "run: {corpora: []}\nfeatures: {opensmile: {feature_set: eGeMAPSv02}, extract: [vader]}\n"
    )
    with pytest.warns(UserWarning, match=r"features\.opensmile is not used"), project(home):
        pass


def test_calls_in_several_threads_wait_for_each_other(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "params.yaml").write_text("run: {corpora: []}\n")
    wrong: list[Path] = []

    def call(place: Path) -> None:
        for _ in range(20):
            with project(place):
                if Path.cwd() != place:
                    wrong.append(place)

    threads = [threading.Thread(target=call, args=(place,)) for place in (home, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_paths_stay_right_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert absolute("a/b.mp4") == tmp_path / "a" / "b.mp4"
    assert absolute("~/b.mp4") == Path("/home/me/b.mp4")
