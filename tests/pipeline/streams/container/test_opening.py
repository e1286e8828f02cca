"""Opening a recording: one plain file, whatever its name, and never the files that it points to."""

import os
import shutil
import socket
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.hashing import HashMemo
from pipeline.streams.container.opening import MediaError
from pipeline.streams.decode import probe
from tests.pipeline.streams.recordings import flashing


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    return flashing(folder / "film.mp4", 1.0, 0.5, video="libx264", audio="aac")


@pytest.mark.parametrize(
    "name", ["12:30:05.mp4", "concat:x.mp4", "http:x.mp4", "-x.mp4", "a%03d.mp4", "a*.mp4", "file:x.mp4", "pipe:0.mp4"]
)
@pytest.mark.parametrize("relative", [True, False])
def test_a_file_name_is_not_taken_for_an_address_or_a_pattern(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch, name: str, relative: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(film, tmp_path / name)
    assert probe(Path(name) if relative else tmp_path / name).duration_s == pytest.approx(1.0, abs=0.05)


def test_a_numbered_picture_is_not_taken_for_a_sequence(tmp_path: Path) -> None:
    for name, grey in (("img%03d.png", 40), ("img001.png", 120), ("img002.png", 200)):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), grey, np.uint8))
    assert probe(tmp_path / "img%03d.png").duration_s == pytest.approx(0.04)


def lists(film: Path) -> dict[str, str]:
    return {
        "list.mp4": f"ffconcat version 1.0\nfile '{film.name}'\n",
        "list.ffconcat": f"\ufeffffconcat version 1.0\nfile '{film.name}'\n",
        "live.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n{film.name}\n#EXT-X-ENDLIST\n",
        "live.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n{film.name}\n#EXT-X-ENDLIST\n",
        "call.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        "dash.mpd": f'<?xml version="1.0"?>\n<MPD><BaseURL>{film.name}</BaseURL></MPD>\n',
        "list.pls": f"[playlist]\nFile1={film.name}\n",
        "subtitles.mp4": "# VobSub index file, v7 (do not modify this line!)\nsize: 720x576\nid: en, index: 0\n",
        "blank.ffconcat": "\n" * 4000 + f"ffconcat version 1.0\nfile '{film.name}'\n",
        "comment.ffconcat": "# " + "x" * 600 + f"\n\n# more\nffconcat version 1.0\nfile '{film.name}'\n",
        "comment.mpd": f"<!-- {'x' * 2000} -->\n<MPD><BaseURL>{film.name}</BaseURL></MPD>\n",
    }


@pytest.mark.parametrize("name", lists(Path("film.mp4")))
def test_lists_of_other_files_are_refused(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shutil.copy(film, tmp_path / film.name)
    (tmp_path / name).write_text(lists(film)[name], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MediaError, match=f"{name} is a list of other files .*: name the recordings"):
        probe(Path(name))


def test_ffmpeg_itself_would_open_no_list_of_files(tmp_path: Path, film: Path) -> None:
    """After more comments than are examined, FFmpeg would still read it as a list."""
    shutil.copy(film, tmp_path / film.name)
    path = tmp_path / "late.ffconcat"
    path.write_text("# " + "x" * 70_000 + f"\nffconcat version 1.0\nfile '{film.name}'\n")
    with pytest.raises(MediaError, match=r"late\.ffconcat"):
        probe(path)


def test_a_list_of_files_after_a_long_comment_opens_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "late.mp4"
    path.write_text("#" + "x" * 70_000 + "\n# VobSub index file, v7\nid: en, index: 0\n")
    with pytest.raises(MediaError, match="Invalid data"):
        probe(path)


def test_paths_that_are_not_files_are_refused(tmp_path: Path) -> None:
    pipe, folder, plug = tmp_path / "pipe.mp4", tmp_path / "folder.mp4", tmp_path / "socket.mp4"
    os.mkfifo(pipe)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(plug))
        kinds = {pipe: "a named pipe", folder: "a folder", plug: "a socket", Path("/dev/zero"): "a device"}
        for path, kind in kinds.items():
            with pytest.raises(MediaError, match=f"{path} is {kind} and not a recording"):
                probe(path)
            with pytest.raises(OSError, match="not a regular file"):
                HashMemo(tmp_path / "hashes.json").sha256(path)


def test_a_link_to_itself_and_a_dangling_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "gone.mp4").symlink_to("nowhere.mp4")
    with pytest.raises(MediaError, match=r"loop.mp4 is a symbolic link that leads to itself"):
        probe(tmp_path / "loop.mp4")
    with pytest.raises(MediaError, match=r"gone.mp4 does not exist"):
        probe(tmp_path / "gone.mp4")
    for name in ("loop.mp4", "gone.mp4"):
        with pytest.raises(OSError, match=name):
            HashMemo(tmp_path / "hashes.json").sha256(tmp_path / name)


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp"])
def test_a_still_picture_is_not_a_recording(tmp_path: Path, ending: str) -> None:
    picture = tmp_path / f"face{ending}"
    cv2.imwrite(str(picture), np.full((48, 64, 3), 120, np.uint8))
    assert probe(picture).video  # a file named like a picture is read as one
    shutil.copy(picture, tmp_path / "face.mp4")
    with pytest.raises(MediaError, match=r"face.mp4 is a still picture and not a recording"):
        probe(tmp_path / "face.mp4")
