"""What is said of a locale that cannot spell a name, and when nothing is."""

import pytest

from pipeline import locales


def error_of(text: str, encoding: str) -> UnicodeEncodeError:
    with pytest.raises(UnicodeEncodeError) as raised:
        text.encode(encoding)
    return raised.value


def test_under_utf_8_only_half_a_character_cannot_be_spelt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locales, "encoding", lambda: "utf-8")
    said = locales.cannot_spell(error_of("a\ud800b", "utf-8"))
    assert said.startswith(r"'a\ud800b' ")
    assert "rename the file" in said
    assert locales.hint_of("café.wav") == ""


def test_under_another_locale_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locales, "encoding", lambda: "ascii")
    said = locales.cannot_spell(error_of("café.wav", "ascii"))
    assert r"'caf\xe9.wav' cannot be spelt" in said
    assert "PYTHONUTF8=1" in said
    assert "(encoding ascii)" in said
    assert "PYTHONUTF8=1" in locales.hint_of("café.wav")
    assert locales.hint_of("cafe.wav") == ""


def test_of_a_long_text_only_the_place_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locales, "encoding", lambda: "ascii")
    said = locales.cannot_spell(error_of("x" * 500 + "é" + "y" * 500, "ascii"))
    assert r"xé".encode("ascii", "backslashreplace").decode() in said
    assert len(said) < 200
