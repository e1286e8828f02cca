import codecs

import pytest

from pipeline.tables.encodings import encoding_of


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["id,text\n1,hé\n", "words\n\nСлова и ещё слова, и ещё, и ещё\n"])
def test_a_text_reads_back_in_the_encoding_that_is_recognised(encoding: str, text: str) -> None:
    raw = text.encode(encoding)
    assert raw.decode(encoding_of(raw)) == text


def test_the_mark_of_utf32_is_not_taken_for_that_of_utf16() -> None:
    assert encoding_of(codecs.BOM_UTF32_LE + "a".encode("utf-32-le")) == "utf-32"


def test_nothing_is_utf8() -> None:
    assert encoding_of(b"") == "utf-8-sig"
