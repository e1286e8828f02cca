from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.eaf import read

# As ELAN 6 writes it: a tier with times; its words, of which one bound is not set; a translation; parts of a word.
EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-11-01T10:00:00+00:00" FORMAT="3.0" VERSION="3.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///talk.mp4" MIME_TYPE="video/mp4"/>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/>
        <TIME_SLOT TIME_SLOT_ID="ts2"/>
        <TIME_SLOT TIME_SLOT_ID="ts3"/>
        <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="2500"/>
    </TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="translation" PARENT_REF="Ann" TIER_ID="Ann-de">
        <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a6" ANNOTATION_REF="a1">
            <ANNOTATION_VALUE>Kinder reden</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="default" PARTICIPANT="Ann Lee" TIER_ID="Ann">
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts4">
            <ANNOTATION_VALUE>Kids are
              talking &amp; café</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="words" PARENT_REF="Ann" TIER_ID="Ann-words">
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
            <ANNOTATION_VALUE>Kids</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
            <ANNOTATION_VALUE>are</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
            <ANNOTATION_VALUE>talking</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="morphs" PARENT_REF="Ann-words" TIER_ID="Ann-morphs">
        <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a8" ANNOTATION_REF="a4" PREVIOUS_ANNOTATION="a7">
            <ANNOTATION_VALUE>ing</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
        <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a7" ANNOTATION_REF="a4">
            <ANNOTATION_VALUE>talk</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
        <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a9" ANNOTATION_REF="a2">
            <ANNOTATION_VALUE></ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
    </TIER>
</ANNOTATION_DOCUMENT>
"""


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "talk.eaf"
    path.write_bytes(text.encode(encoding))
    return path


def test_times_of_their_own_between_two_others_and_of_the_annotation_referred_to(tmp_path: Path) -> None:
    assert read(written(tmp_path, EAF)) == (
        TimedText("Kinder reden", 1, 2.5, "Ann-de"),
        TimedText("Kids are talking & café", 1, 2.5, "Ann", speaker="Ann Lee"),
        TimedText("Kids", 1, 1.5, "Ann-words"),
        TimedText("are", 1.5, 2, "Ann-words"),
        TimedText("talking", 2, 2.5, "Ann-words"),
        TimedText("ing", 2.25, 2.5, "Ann-morphs"),
        TimedText("talk", 2, 2.25, "Ann-morphs"),
    )


def test_other_encodings_that_the_file_declares(tmp_path: Path) -> None:
    expected = read(written(tmp_path, EAF))
    assert read(written(tmp_path, EAF.replace('"UTF-8"', '"UTF-16"', 1), "utf-16")) == expected
    assert read(written(tmp_path, EAF.replace('"UTF-8"', '"ISO-8859-1"', 1), "latin-1")) == expected
    assert read(written(tmp_path, "\ufeff" + EAF)) == expected


def test_times_are_those_of_the_first_recording(tmp_path: Path) -> None:
    """ELAN's times count from a common origin; TIME_ORIGIN is where the recording's own clock stands there."""
    later = EAF.replace('MIME_TYPE="video/mp4"', 'MIME_TYPE="video/mp4" TIME_ORIGIN="250"')
    assert (read(written(tmp_path, later))[1].start, read(written(tmp_path, later))[1].end) == (1.25, 2.75)


def test_a_document_without_annotations_says_nothing(tmp_path: Path) -> None:
    assert read(written(tmp_path, EAF[: EAF.index("    <TIER")] + "</ANNOTATION_DOCUMENT>")) == ()


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ('TIME_VALUE="2500"', 'TIME_VALUE="500"', "lasts from 1 to 0.5 s: correct these times"),
        ('TIME_VALUE="2500"', 'TIME_VALUE="2.5"', ":12: the time '2.5' is not a number of milliseconds"),
        (' TIME_VALUE="2500"', "", ":19: the annotation a1 has no time: set it in ELAN"),
        ('TIME_SLOT_REF2="ts3"', 'TIME_SLOT_REF2="ts9"', ":26: the annotation a3 refers to the missing time slot ts9"),
        ('ANNOTATION_REF="a1"', 'ANNOTATION_REF="a99"', ":15: the annotation a6 refers to a99"),
        (' TIER_ID="Ann-de"', "", ":14: <TIER> has no TIER_ID"),
        ("milliseconds", "PAL-frames", ":5: times are in PAL-frames"),
        ("</TIER>\n</ANNOTATION_DOCUMENT>", "</ANNOTATION_DOCUMENT>", "this is not XML (mismatched tag)"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, before: str, after: str, where: str) -> None:
    assert before in EAF
    with pytest.raises(UserError) as error:
        read(written(tmp_path, EAF.replace(before, after)))
    assert where in str(error.value)
    assert "\n" not in str(error.value)


def test_other_xml_and_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r":1: this is not an ELAN annotation: it begins with <html>"):
        read(written(tmp_path, "<html></html>"))
    with pytest.raises(UserError, match=r":1: this is not XML"):
        read(written(tmp_path, "Kids are talking"))


def test_annotations_that_refer_to_one_another_in_a_circle_are_refused(tmp_path: Path) -> None:
    text = EAF.replace('ANNOTATION_REF="a1"', 'ANNOTATION_REF="a6"')
    with pytest.raises(UserError, match=r":15: the annotation a6 refers to a6, which has no time"):
        read(written(tmp_path, text))


def test_a_file_named_by_an_entity_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret words")
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>\n<ANNOTATION_DOCUMENT'
    path = written(tmp_path, EAF.replace("<ANNOTATION_DOCUMENT", doctype, 1).replace("Kinder reden", "&e;"))
    assert "secret" not in " ".join(said.text for said in read(path))
