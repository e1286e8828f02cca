"""The existing file that a slightly wrong path means."""

import unicodedata
from pathlib import Path

import pytest

from pipeline.tables.near_paths import Neighbours


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with recordings in data/c, and one at home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    names = ("one.mp4", "my clip.mp4", "café.mp4", "Sub/two.wav", "a.b.mp4", "notes.txt", "x1.mp4", "x2.mp4", "y.avi")
    for name in (*(f"data/c/{n}" for n in names), "home/three.mp4"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return Path("data/c")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ONE.mp4", "one.mp4"),
        ("one.MP4", "one.mp4"),
        ("one", "one.mp4"),
        ("one.mp4.mp4", "one.mp4"),
        ("one.wav", "one.mp4"),
        ("one.mp4 ", "one.mp4"),
        (".\\one.mp4", "one.mp4"),
        ("sub\\two.wav", "Sub/two.wav"),
        ("SUB/TWO", "Sub/two.wav"),
        ("sub/two.wav", "Sub/two.wav"),
        ("oen.mp4", "one.mp4"),
        ("myclip.mp4", "my clip.mp4"),
        ("my%20clip.mp4", "my clip.mp4"),
        ('"one.mp4"', "one.mp4"),
        ("a.b", "a.b.mp4"),
        (unicodedata.normalize("NFD", "café.mp4"), "café.mp4"),
        (unicodedata.normalize("NFD", "CAFÉ"), "café.mp4"),
        ("data/c/one.mp4", "one.mp4"),
        ("y.mp4", "y.avi"),
    ],
)
def test_similar_names_are_found(given: str, meant: str, root: Path) -> None:
    assert Neighbours().meant(root / given, given) == root / meant


def test_from_home_and_as_urls(root: Path, tmp_path: Path) -> None:
    assert Neighbours().meant(root / "~/three.mp4", "~/three.mp4") == tmp_path / "home" / "three.mp4"
    url = f"file://{tmp_path}/data/c/my%20clip.mp4"
    assert Neighbours().meant(root / url, url) == tmp_path / "data/c/my clip.mp4"


@pytest.mark.parametrize("given", ["holiday.mp4", "other/one.mp4/x", "..", "", "zzz/zz/z.mp4", "~nobody/x.mp4", "a\0b"])
def test_names_that_are_not_similar_are_ignored(given: str, root: Path) -> None:
    assert Neighbours().meant(root / given, given) is None


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("C:\\data\\c\\one.mp4", "one.mp4"),
        ("C:\\videos\\Sub\\two.wav", "Sub/two.wav"),
        ("D:/one.mp4", "one.mp4"),
        ("/Sub/two.wav", "Sub/two.wav"),
        ("/one.MP4", "one.mp4"),
        ("/volumes/backup/c/sub/two.wav", "Sub/two.wav"),
        ("one.mp4?dl=1", "one.mp4"),
        ("Sub/two.wav#t=3", "Sub/two.wav"),
        ("https://host/folder/one.mp4?raw=true", "one.mp4"),
        ("https:/host/one.mp4", "one.mp4"),
    ],
)
def test_absolute_paths_of_elsewhere_and_addresses(given: str, meant: str, root: Path) -> None:
    path = Path(given) if given.startswith("/") else root / given
    assert Neighbours().meant(path, given, root) == root / meant


def test_hidden_files_are_not_suggested(root: Path) -> None:
    (root / ".hid.wav").write_bytes(b"x")
    (root / ".sub").mkdir()
    (root / ".sub" / "four.wav").write_bytes(b"x")
    assert Neighbours().meant(root / "hid.wav", "hid.wav") is None
    assert Neighbours().meant(root / "sub/four.wav", "sub/four.wav") is None
    assert Neighbours().meant(root / ".HID.wav", ".HID.wav") == root / ".hid.wav"


@pytest.mark.parametrize(
    ("given", "there", "meant"),
    [
        ("w/dia0_utt3.wav", "w/dia0_utt7.wav", ""),
        ("w/dia0_utt3.wav", "w/dia0_utt33.wav", ""),
        ("w/dia0_utt3", "w/dia0_utt7.wav", ""),
        ("session1/take.wav", "session2/take.wav", ""),
        ("2024-05-01_take.wav", "2024-05-02_take.wav", ""),
        ("take_1_2.wav", "take_12.wav", ""),
        ("clip07_take.wav", "clip7_take.wav", "clip7_take.wav"),
        ("recrding_7.wav", "recording_7.wav", "recording_7.wav"),
        ("recording_7.mp3", "recording_7.mp4", "recording_7.mp4"),
    ],
)
def test_another_number_is_another_recording(given: str, there: str, meant: str, tmp_path: Path) -> None:
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_bytes(b"x")
    assert Neighbours().meant(tmp_path / given, given) == (tmp_path / meant if meant else None)


def test_a_file_of_another_row_is_not_suggested(root: Path) -> None:
    neighbours = Neighbours([(root / "one.mp4").as_posix(), (root / "y.avi").absolute().as_posix()])
    assert neighbours.meant(root / "oen.mp4", "oen.mp4") is None
    assert neighbours.meant(root / "y.mp4", "y.mp4") is None
    for given in ("ONE.mp4", "one", "one.mp4.mp4", "./one.mp4 "):
        assert neighbours.meant(root / given, given) == root / "one.mp4"
