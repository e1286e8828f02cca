"""A table of features as CSV, and what it holds."""

from pathlib import Path

import numpy as np

from pipeline.exchange.bundle import Bundle, ImportOptions

CSV = """clip,who,said,fold,mfcc_1,mfcc_2,face_x,age,room,score
a,s1,"one, two
three",train,1,2.5,7,30,01,-1
b,s1,four,dev,,inf,8,31,02,
c,s2,,test,-3e0,4,nan,32,03,2.5
"""


OPTIONS = ImportOptions(
    arrays=(("audio", ("mfcc_*",)), ("video", ("*_x",))),
    id="clip", text="said", speaker="who", split="fold", label="score", splits={"dev": "valid"},
)  # fmt: skip


def csv(path: Path, text: str = CSV) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def check(found: Bundle) -> None:
    table = found.utterances
    assert table["utterance"].tolist() == ["a", "b", "c"]
    assert table["text"].tolist() == ["one, two\nthree", "four", ""]
    assert table["speaker"].tolist() == ["s1", "s1", "s2"]
    assert table["split"].tolist() == ["train", "valid", "test"]
    assert table["room"].tolist() == ["01", "02", "03"]
    np.testing.assert_array_equal(table["age"], [30, 31, 32])
    np.testing.assert_array_equal(table["score"], [-1, np.nan, 2.5])
    audio, video = found.features
    assert [(s.name, s.modality, s.feature_names) for s in found.features] == [
        ("mfcc", "audio", ("mfcc_1", "mfcc_2")),
        ("x", "video", ("face_x",)),
    ]
    entries = [item.load() for item in audio.items]
    assert [e.status for e in entries] == ["ok", "empty", "ok"]
    np.testing.assert_array_equal(entries[0].clips["pooled"], [1, 2.5])
    np.testing.assert_array_equal(entries[2].rows["values"], [[-3, 4]])
    assert [item.load().status for item in video.items] == ["ok", "ok", "empty"]
    assert found.notices[0] == "mfcc: 2 numbers of 1 utterance are not finite and count as undefined"
