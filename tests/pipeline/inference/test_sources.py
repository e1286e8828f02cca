"""What is to be predicted: recordings by any name, or a manifest, and nothing mixed up."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.inference.sources import MANIFEST, clip_manifest, clips_of
from pipeline.tables.csv_files import read_sheet


def rows_of(folder: Path) -> list[dict[str, str]]:
    return [dict(row) for _, row in read_sheet(folder / MANIFEST, ("media", "utterance", "text"), ()).rows]


def touched(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


@pytest.mark.parametrize("text", ["=) it is great", "@home it is great", '\'tis = \r here, "yes"'])
def test_a_transcript_reaches_the_model_as_it_is(text: str, tmp_path: Path) -> None:
    clips = clips_of(touched(tmp_path, "=a.wav"))
    assert clips.lone == tmp_path / "=a.wav"
    [row] = rows_of(clip_manifest(clips, text, tmp_path / "made"))
    assert (row["text"], row["utterance"]) == (text, "=a")


def test_recordings_of_one_name_keep_apart(tmp_path: Path) -> None:
    paths = touched(tmp_path, "x/a.mp4", "x/b.mp4", "x/b.wav", "x/c.mp4", "y/c.mp4")
    clips = clips_of(paths)
    assert list(clips.recordings) == ["a", "b.mp4", "b.wav", str(paths[3]), str(paths[4])]
    assert clips.lone is None


def test_a_glob_may_hold_transcripts_and_a_recording_twice(tmp_path: Path) -> None:
    clip, words, other = touched(tmp_path, "a.mp4", "a.txt", "b.txt")
    words.write_text("so it is")
    clips = clips_of([clip, words, tmp_path / "." / "a.mp4"])
    assert clips.recordings == {"a": clip}
    assert rows_of(clip_manifest(clips, None, tmp_path / "made"))[0]["text"] == "so it is"
    assert set(clips_of([clip, other]).recordings.values()) == {clip, other}  # which is then said to be unreadable


def test_what_cannot_be_predicted_together_is_refused(tmp_path: Path) -> None:
    clip, table = touched(tmp_path, "a.mp4", MANIFEST)
    assert clips_of([table]) == clips_of([tmp_path])
    for sources, message in [
        ([], "name recordings, a manifest.csv, or a folder that holds one"),
        ([clip, table], "manifest.csv cannot be combined with other paths"),
        ([clip, tmp_path / "no.mp4"], "no.mp4 does not exist"),
        ([clip, tmp_path / "x.csv"], "does not exist"),
    ]:
        with pytest.raises(UserError, match=message):
            clips_of(sources)


def test_a_name_or_transcript_that_no_table_can_hold_is_refused(tmp_path: Path) -> None:
    [clip] = touched(tmp_path, "a\nb.mp4")
    with pytest.raises(UserError, match="the name of the recording holds"):
        clip_manifest(clips_of([clip]), None, tmp_path / "made")
    [clip, words] = touched(tmp_path, "c.mp4", "c.txt")
    words.write_bytes("größe".encode("latin-1"))
    with pytest.raises(UserError, match=r"c\.txt is not UTF-8"):
        clip_manifest(clips_of([clip]), None, tmp_path / "made")
