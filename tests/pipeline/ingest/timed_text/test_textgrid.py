from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.textgrid import read

# The same annotation as Praat 6.4 writes it with "Save as text file" and with "Save as short text file".
LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.3
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "Mary"
        xmin = 0
        xmax = 2.3
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1.25
            text = "she said ""no""
twice"
        intervals [3]:
            xmin = 1.25
            xmax = 2.3
            text = "sp"
    item [2]:
        class = "TextTier"
        name = "bell"
        xmin = 0
        xmax = 2.3
        points: size = 1
        points [1]:
            number = 1.9
            mark = "ding 3"
"""
SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
2.3
<exists>
2
"IntervalTier"
"Mary"
0
2.3
3
0
0.5
""
0.5
1.25
"she said ""no""
twice"
1.25
2.3
"sp"
"TextTier"
"bell"
0
2.3
1
1.9
"ding 3"
"""
SAID = (TimedText('she said "no" twice', 0.5, 1.25, "Mary"), TimedText("ding 3", 1.9, 1.9, "bell"))


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "talk.TextGrid"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("text", [LONG, SHORT, LONG.replace("\n", " \n"), LONG.replace("\n", "\r\n")])
def test_both_forms_in_both_encodings(tmp_path: Path, text: str, encoding: str) -> None:
    assert read(written(tmp_path, text, encoding)) == SAID


def test_comments_and_older_names_are_read_as_praat_reads_them(tmp_path: Path) -> None:
    """The manual: what does not stand free, and what follows an exclamation mark, is for human readers."""
    text = LONG.replace("number = 1.9", "time = 1.9").replace("tiers? <exists>", '! 3 "tiers"\ntiers? <exists> ! yes 1')
    assert read(written(tmp_path, text)) == SAID


def test_a_textgrid_without_tiers_says_nothing(tmp_path: Path) -> None:
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 1\ntiers? '
    assert read(written(tmp_path, head + "<absent>\n")) == ()
    assert read(written(tmp_path, head + "<exists>\nsize = 0\nitem []:\n")) == ()


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ('Object class = "TextGrid"', 'Object class = "Pitch 1"', ":2: this is not a TextGrid"),
        ("xmax = 1.25\n            text", "xmax = 0.25\n            text", "lasts from 0.5 to 0.25 s: correct"),
        ("            xmax = 0.5\n", "", ':17: found "" where the end of an interval is expected'),
        ('class = "TextTier"', 'class = "Point"', ":29: 'Point' is not IntervalTier or TextTier"),
        ("intervals: size = 3", "intervals: size = 1e999", ":14: found inf where the number of intervals"),
        ("intervals: size = 3", "intervals: size = 2.5", ":14: found 2.5 where the number of intervals"),
        ('mark = "ding 3"', 'mark = "ding 3', ":36: this quotation mark is never closed"),
        (
            '            number = 1.9\n            mark = "ding 3"\n',
            "",
            ":34: the file ends where a time is expected",
        ),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, before: str, after: str, where: str) -> None:
    assert LONG.count(before) == 1
    with pytest.raises(UserError) as error:
        read(written(tmp_path, LONG.replace(before, after)))
    assert where in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "Kids are talking\n", '"ooTextFile'])
def test_what_is_no_textgrid_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"talk\.TextGrid:1: "):
        read(written(tmp_path, text))


def test_the_binary_form_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "talk.TextGrid"
    path.write_bytes(b"ooBinaryFile\x08TextGrid\0\0\0")
    with pytest.raises(UserError, match="save it in Praat with 'Save as text file'"):
        read(path)
