"""Files are written completely or not at all: no planted link is followed, nothing is left, errors name the file."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from common.atomic import discard, leftovers, replacing, replacing_all, replacing_folder, scratch_folder, write_text


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
        with replacing_folder(tmp_path / "d", lambda _: True):
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
        with replacing_folder(folder, lambda path: path.name == "one") as new:
            (new / content).write_text(content)
    assert names(tmp_path) == ["model"]
    assert names(folder) == ["two"]
    with pytest.raises(ZeroDivisionError), replacing_folder(folder, lambda _: True):
        raise ZeroDivisionError
    assert names(tmp_path) == ["model"]
    assert names(folder) == ["two"]


def test_a_folder_with_foreign_files_is_not_replaced(tmp_path: Path) -> None:
    def ours(path: Path) -> bool:
        return path.suffix == ".json"

    with replacing_folder(tmp_path / "model", ours) as new:
        (new / "model.json").write_text("1")
    odd = {"notes.txt": lambda path: path.write_text("mine"), "runs.json": Path.mkdir}
    odd["link.json"] = lambda path: path.symlink_to(tmp_path / "model" / "model.json")
    for name, make in odd.items():
        make(tmp_path / "model" / name)
        with (
            pytest.raises(FileExistsError, match=f"{name}.*did not write"),
            replacing_folder(tmp_path / "model", ours),
        ):
            pytest.fail("nothing must be computed for a folder that is not replaced")
        (tmp_path / "model" / name).rename(tmp_path / name)
    with pytest.raises(FileExistsError, match=r"late\.txt"), replacing_folder(tmp_path / "model", ours):
        (tmp_path / "model" / "late.txt").write_text("written meanwhile")
    assert names(tmp_path / "model") == ["late.txt", "model.json"]
    assert names(tmp_path) == sorted(["model", *odd])


DIGITS = "0123456789abcdef"


def test_leftovers_are_temporary_files_without_a_lock(tmp_path: Path) -> None:
    (tmp_path / f".text.h5.{DIGITS}.partial").write_text("left")
    (tmp_path / f".model.{DIGITS}.partial").mkdir()
    (tmp_path / f".model.{DIGITS}.partial" / "model.json").write_text("left")
    (tmp_path / f".link.{DIGITS}.partial").symlink_to(tmp_path / "words.csv")
    kept = (".env.old", ".conda.lock", ".a.partial", f".a.{DIGITS[1:]}.partial", f".a.{DIGITS.upper()}.partial")
    for name in (*kept, f".a.{DIGITS}.bak", f"a.{DIGITS}.partial", ".settings.json.2024", "words.csv"):
        (tmp_path / name).write_text("kept")
    with replacing(tmp_path / "mine.h5"), scratch_folder(tmp_path, ".mine.", ".partial"):
        found = {p.name for p in leftovers(tmp_path)}
    assert found == {f".text.h5.{DIGITS}.partial", f".model.{DIGITS}.partial"}


@pytest.mark.parametrize("name", ["model", "m" * 60])
def test_the_last_copy_of_a_folder_is_not_a_leftover(tmp_path: Path, name: str) -> None:
    aside = tmp_path / f".{name[:40]}.{DIGITS}.old"
    aside.mkdir()
    assert list(leftovers(tmp_path)) == []
    (tmp_path / name).mkdir()
    assert list(leftovers(tmp_path)) == [aside]


def test_a_file_that_is_locked_in_the_meantime_is_not_discarded(tmp_path: Path) -> None:
    with replacing(tmp_path / "mine.h5") as held:
        assert not discard(held)
        assert held.exists()
    left = tmp_path / f".a.{DIGITS}.partial"
    left.mkdir()
    (left / "b").symlink_to(tmp_path)
    assert discard(left)
    assert tmp_path.exists()


def test_the_temporary_file_of_a_killed_run_is_a_leftover(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal; from common.atomic import replacing\n"
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


def test_leftovers_can_be_limited_to_one_folder(tmp_path: Path) -> None:
    here, below = tmp_path / ".a.csv.0123456789abcdef.partial", tmp_path / "b" / ".c.csv.0123456789abcdef.partial"
    below.parent.mkdir()
    for path in (here, below):
        path.touch()
    assert sorted(leftovers(tmp_path)) == sorted([here, below])
    assert list(leftovers(tmp_path, deep=False)) == [here]
