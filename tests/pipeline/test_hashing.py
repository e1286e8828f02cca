"""The memo of content hashes: it is right, or it is ignored."""

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.hashing import HashMemo, sha256_of, stamp_of


def test_a_damaged_memo_is_ignored(tmp_path: Path) -> None:
    media, memory = tmp_path / "clip.wav", tmp_path / "hashes.json"
    media.write_bytes(b"sound")
    truth = sha256(b"sound").hexdigest()
    memo = HashMemo(memory)
    assert memo.sha256(media) == truth
    memo.save()
    content = memory.read_bytes()
    for at in range(len(content)):
        hurt = bytearray(content)
        hurt[at] ^= 1
        memory.write_bytes(hurt)
        assert HashMemo(memory).sha256(media) == truth


@pytest.mark.parametrize(
    "content", ["", "[]", "5", '{"a": 5}', '{"digest": "x", "files": {"a": 1}}', "x\n{}", "\n", "[" * 100_000]
)
def test_a_file_that_is_not_a_memo_is_ignored(content: str, tmp_path: Path) -> None:
    (tmp_path / "hashes.json").write_text(content)
    (tmp_path / "a").write_text("a")
    assert HashMemo(tmp_path / "hashes.json").sha256(tmp_path / "a") == sha256(b"a").hexdigest()


def test_an_unchanged_file_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    memo = HashMemo(tmp_path / "hashes.json")
    memo.sha256(tmp_path / "a")
    memo.save()
    kept = json.loads((tmp_path / "hashes.json").read_text().splitlines()[1])
    assert kept == {str((tmp_path / "a").resolve()): f"{sha256(b'a').hexdigest()} {stamp_of(tmp_path / 'a')}"}


def test_a_hard_link_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    memo = HashMemo(tmp_path / "hashes.json")
    found = memo.content(tmp_path / "a")
    monkeypatch.setattr("pipeline.hashing.sha256_of", lambda _: "read again")
    assert memo.content(tmp_path / "b") == found == (sha256(b"a").hexdigest(), stamp_of(tmp_path / "b"))
    (tmp_path / "b").write_text("bb")
    assert memo.sha256(tmp_path / "a") == "read again"


def test_a_pipe_is_refused_and_a_memo_that_cannot_be_saved_is_skipped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="named pipe"):
        sha256_of(tmp_path / "pipe")
    (tmp_path / "a").write_text("a")
    memo = HashMemo(tmp_path / "a" / "hashes.json")
    memo.sha256(tmp_path / "a")
    memo.save()
