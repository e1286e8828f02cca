"""Which files are recordings; the clips are made here by FFmpeg's encoders."""

import os
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.folder.recordings import Found, find
from tests.pipeline.ingest.clips import picture, sound


def places(found: Found) -> list[str]:
    return [recording.place.as_posix() for recording in found.recordings]


def reasons(found: Found) -> dict[str, str]:
    return {left.place: left.reason for left in found.left_out}


def test_recordings_of_all_containers_are_found_in_all_folders(tmp_path: Path) -> None:
    for name in ("a.wav", "s1/b.flac", "s1/deep/er/c.ogg"):
        sound(tmp_path / name)
    for name in ("d.mkv", "s2/E.MP4", "s2/f.avi"):
        picture(tmp_path / name, voice=True)
    for name in ("notes.txt", "labels.csv", "s1/b.align", "README"):
        (tmp_path / name).write_text("text")
    found = find(tmp_path)
    assert places(found) == ["a.wav", "d.mkv", "s1/b.flac", "s1/deep/er/c.ogg", "s2/E.MP4", "s2/f.avi"]
    assert [place.as_posix() for place in found.others] == ["README", "labels.csv", "notes.txt", "s1/b.align"]
    assert [bool(recording.info.video) for recording in found.recordings] == [False, True, False, False, True, True]
    assert all(recording.heard for recording in found.recordings)
    assert found.left_out == ()


def test_hidden_files_and_folders_are_not_looked_at(tmp_path: Path) -> None:
    for name in ("a.wav", "._a.wav", ".b.wav", ".git/c.wav", "s1/.hidden/d.wav"):
        sound(tmp_path / name)
    found = find(tmp_path)
    assert places(found) == ["a.wav"]
    assert found.others == found.left_out == ()


def test_folders_that_are_named_are_not_looked_at(tmp_path: Path) -> None:
    for name in ("a.wav", "data/work/b.wav", "data/clips/c.wav", "results/d.wav"):
        sound(tmp_path / name)
    found = find(tmp_path, [tmp_path / "data" / "work", tmp_path / "results"])
    assert places(found) == ["a.wav", "data/clips/c.wav"]


def test_a_second_name_of_a_file_is_left_out_and_said(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    os.link(tmp_path / "a.wav", tmp_path / "b.wav")
    (tmp_path / "c.wav").symlink_to("a.wav")
    found = find(tmp_path)
    assert places(found) == ["a.wav"]
    assert reasons(found) == {
        "b.wav": "is the same file as a.wav (a hard link)",
        "c.wav": "is the same file as a.wav (a symbolic link)",
    }


def test_a_linked_folder_is_looked_at_once_even_in_a_circle(tmp_path: Path) -> None:
    sound(tmp_path / "elsewhere" / "a.wav")
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "clips")
    assert places(find(tmp_path / "clips")) == ["link/a.wav"]


def test_what_cannot_be_read_is_left_out_with_the_reason(tmp_path: Path) -> None:
    sound(tmp_path / "good.wav")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("not a recording")
    (tmp_path / "nowhere.mp4").symlink_to("not there.mp4")
    picture(tmp_path / "cut.mp4")
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "cut.mp4").read_bytes()[:400])
    found = find(tmp_path)
    assert places(found) == ["good.wav"]
    assert set(reasons(found)) == {"empty.mp4", "text.mp4", "nowhere.mp4", "cut.mp4"}
    assert reasons(found)["empty.mp4"] == "is empty: copy it again"
    assert "does not exist" in reasons(found)["nowhere.mp4"]


def test_a_silent_picture_and_its_sound_are_one_recording(tmp_path: Path) -> None:
    picture(tmp_path / "a.mp4")
    sound(tmp_path / "a.wav")
    found = find(tmp_path)
    (recording,) = found.recordings
    assert (recording.place.as_posix(), str(recording.sound), recording.heard) == ("a.mp4", "a.wav", True)
    assert "joined by the column sound" in found.notes[0]


def test_a_copy_of_the_sound_beside_its_picture_is_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "a.mp4", voice=True)
    sound(tmp_path / "a.wav")
    found = find(tmp_path)
    assert places(found) == ["a.mp4"]
    assert "a.mp4, which has its own sound" in reasons(found)["a.wav"]


def test_files_of_one_name_and_other_lengths_are_kept_and_said(tmp_path: Path) -> None:
    picture(tmp_path / "a.mp4", voice=True)
    sound(tmp_path / "a.wav", seconds=3)
    found = find(tmp_path)
    assert places(found) == ["a.mp4", "a.wav"]
    assert "differ only in the suffix (1 name, such as a)" in found.notes[0]


ODD = [
    "with space.wav",
    'it\'s "quoted".wav',
    "a,b;c.wav",
    "-a.wav",
    "ünïcode 漢字.wav",
    "new\nline.wav",
    "#x.wav",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_found(tmp_path: Path, name: str) -> None:
    sound(tmp_path / name)
    assert places(find(tmp_path)) == [name]


def test_names_that_no_table_can_hold_are_left_out(tmp_path: Path) -> None:
    for name in (b"\xff.wav", b" a.wav", b"b\r.wav"):
        sound(tmp_path / "x.wav")
        os.rename(tmp_path / "x.wav", os.path.join(os.fsencode(tmp_path), name))  # noqa: PTH104, PTH118
    found = find(tmp_path)
    assert found.recordings == ()
    assert reasons(found)["\\xff.wav"] == "has a name that is not valid UTF-8: rename it"
    assert len(reasons(found)) == 3


def test_only_a_folder_can_be_searched(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere does not exist: give the folder of your recordings"):
        find(tmp_path / "nowhere")
    sound(tmp_path / "a.wav")
    with pytest.raises(UserError, match=r"a\.wav is a file and not a folder"):
        find(tmp_path / "a.wav")
