"""Names that the locale of the machine cannot encode."""

from pathlib import Path

import pytest

from pipeline import locales
from tests.conftest import shell
from tests.pipeline.corpora.tones import settled, table, tone


def error_of(text: str, encoding: str) -> UnicodeEncodeError:
    with pytest.raises(UnicodeEncodeError) as raised:
        text.encode(encoding)
    return raised.value


def test_under_utf_8_only_half_a_character_cannot_be_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locales, "encoding", lambda: "utf-8")
    message = locales.cannot_spell(error_of("a\ud800b", "utf-8"))
    assert message.startswith(r"'a\ud800b' ")
    assert "rename the file" in message
    assert locales.hint_of("café.wav") == ""


def test_under_another_locale_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locales, "encoding", lambda: "ascii")
    message = locales.cannot_spell(error_of("café.wav", "ascii"))
    assert r"'caf\xe9.wav' cannot be encoded" in message
    assert "PYTHONUTF8=1" in message
    assert "(encoding ascii)" in message
    assert "PYTHONUTF8=1" in locales.hint_of("café.wav")
    assert locales.hint_of("cafe.wav") == ""


def test_of_a_long_text_only_the_place_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locales, "encoding", lambda: "ascii")
    message = locales.cannot_spell(error_of("x" * 500 + "é" + "y" * 500, "ascii"))
    assert r"xé".encode("ascii", "backslashreplace").decode() in message
    assert len(message) < 200


@pytest.mark.parametrize(("name", "command"), [("café.wav", ("validate", "c")), ("日本.wav", ("prepare",))])
def test_names_that_the_locale_cannot_encode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "data/raw/c"
    tone(root / "one.wav")
    (root / name).symlink_to("one.wav")
    rows = f"{name},1,g1\none.wav,2,g2\n"
    (root / "manifest.csv").write_text("media,emotion,group\n" + rows, encoding="utf-8")
    settled("audio")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = shell(*command, cwd=tmp_path, check=False, env=plain)
    assert done.returncode == 1
    assert "cannot be encoded under the locale C (encoding ascii): run the command with PYTHONUTF8=1" in done.stderr
    if command == ("prepare",):
        shell("prepare", cwd=tmp_path, env={"LC_ALL": "C", "PYTHONUTF8": "1"})
        assert len(table()) == 2


def test_doctor_names_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.inspection import doctor

    assert doctor._locale().ok == (locales.encoding() == "utf-8")
    monkeypatch.setattr(locales, "encoding", lambda: "iso8859-1")
    check = doctor._locale()
    assert not check.ok
    assert "iso8859-1" in check.detail
    assert "LC_ALL=C.UTF-8" in check.detail
    assert "names with non-ASCII letters" in locales.hint_of("café.mp4")
    assert locales.hint_of("cafe.mp4") == ""


def test_a_root_that_the_locale_cannot_encode_gets_the_same_hint_as_files(tmp_path: Path) -> None:
    bare = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    what = ("--root", "caf\u00e9", "--task", "regression", "--label", "y")
    done = shell("add-corpus", "x", *what, cwd=tmp_path, check=False, env=bare)
    assert done.returncode == 1
    assert "is not a folder; under the locale C (encoding ascii) names with non-ASCII letters" in done.stderr
    assert "PYTHONUTF8=1" in done.stderr


def test_the_locale_is_named_with_its_encoding() -> None:
    assert f"(encoding {locales.encoding()})" in locales.named()
    assert locales.named().startswith("the locale ")
