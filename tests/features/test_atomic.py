"""Files that are there whole or not at all: no planted link is followed, nothing stays behind, the file is named."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from features.atomic import leftovers, replacing, replacing_all, replacing_folder, scratch_folder, write_text


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def write_half(path: Path) -> None:
    path.write_text("half")
    raise ZeroDivisionError


def read_deleted(path: Path) -> None:
    path.unlink()
    path.read_text()


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine")
    for name in (".text.h5.partial", f".text.h5.{os.getpid()}", ".text.h5.tmp"):
        (tmp_path / name).symlink_to(secret)
    write_text(tmp_path / "text.h5", "new")
    assert secret.read_text() == "mine"
    assert (tmp_path / "text.h5").read_text() == "new"


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.csv"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        write_half(temporary)
    assert names(path.parent) == ["b.csv"]
    assert path.read_text() == "old"


def test_all_or_none(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one", "two", "three")]
    with pytest.raises(ZeroDivisionError), replacing_all(paths) as made:
        write_half(made[0])
    assert names(tmp_path) == []
    with replacing_all(paths) as made:
        for i, temporary in enumerate(made):
            temporary.write_text(str(i))
    assert [p.read_text() for p in paths] == ["0", "1", "2"]
    assert len(names(tmp_path)) == 3


def test_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "f", "x")
        with replacing_folder(tmp_path / "d"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o750


def test_an_error_without_a_name_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "full.csv"
    with pytest.raises(OSError, match="No space left") as caught, replacing(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as caught, replacing(path) as temporary:
        read_deleted(temporary)
    assert caught.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as caught, replacing(path):
        (tmp_path / "other").read_text()
    assert caught.value.filename == str(tmp_path / "other")


def test_a_long_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 125)
    write_text(path, "x")
    assert path.read_text() == "x"


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    for content in ("one", "two"):
        with replacing_folder(folder) as new:
            (new / content).write_text(content)
    assert names(tmp_path) == ["model"]
    assert names(folder) == ["two"]
    with pytest.raises(ZeroDivisionError), replacing_folder(folder):
        raise ZeroDivisionError
    assert names(tmp_path) == ["model"]
    assert names(folder) == ["two"]


def test_leftovers_are_what_nobody_holds(tmp_path: Path) -> None:
    left = {
        ".k.clip.4711",
        ".hashes.json.99",
        ".text.h5.partial",
        ".x.import",
        ".text.h5.ab12.partial",
        ".failures.csv.lock",
    }
    for name in left:
        (tmp_path / name).write_text("left")
    (tmp_path / ".predict-abc").mkdir()
    (tmp_path / ".predict-abc" / "clip.h5").write_text("left")
    for kept in ("k.clip", "words.csv", "a.partial"):
        (tmp_path / kept).write_text("kept")
    (tmp_path / ".link.partial").symlink_to(tmp_path / "words.csv")
    with replacing(tmp_path / "mine.h5"), scratch_folder(tmp_path, ".predict-"):
        found = {p.name for p in leftovers(tmp_path)}
    assert found == left | {".predict-abc"}


def test_what_a_killed_run_held_is_a_leftover(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal; from features.atomic import replacing\n"
        "with replacing(pathlib.Path('big.csv')) as t:\n"
        "    t.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(root)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [p.suffix for p in leftovers(tmp_path)] == [".partial"]


def test_an_interrupt_waits_until_all_are_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        signal.raise_signal(signal.SIGINT)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    paths = [tmp_path / "one", tmp_path / "two"]
    with pytest.raises(KeyboardInterrupt), replacing_all(paths):
        pass
    assert names(tmp_path) == ["one", "two"]


def test_leftovers_of_one_folder_alone(tmp_path: Path) -> None:
    here, below = tmp_path / ".a.csv.0123456789abcdef.partial", tmp_path / "b" / ".c.csv.0123456789abcdef.partial"
    below.parent.mkdir()
    for path in (here, below):
        path.touch()
    assert sorted(leftovers(tmp_path)) == sorted([here, below])
    assert list(leftovers(tmp_path, deep=False)) == [here]
