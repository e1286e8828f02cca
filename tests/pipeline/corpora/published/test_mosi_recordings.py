"""Recordings of CMU-MOSI: clips, whole videos, sounds, and what is missing or superfluous."""

from pathlib import Path

import pytest

from pipeline.corpora.gathering import gather
from pipeline.errors import UserError
from tests.conftest import needs_data
from tests.pipeline.corpora.published.mosi_trees import (
    ROWS,
    clip,
    get,
    messages,
    opinions,
    settings,
    sheet,
    word_csd,
    zip_tree,
)


@needs_data
@pytest.mark.parametrize("kind", ["Video/Full", "Audio/WAV_16000/Full"])
def test_whole_videos_are_cut_by_the_labels_times(tmp_path: Path, kind: str) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    suffix = ".mp4" if "Video" in kind else ".wav"
    for video in {row[0] for row in ROWS}:
        clip(root / "Raw" / kind / f"{video}{suffix}")
    word_csd(root / "CMU_MOSI_TimestampedWords.csd")
    found = get(root)
    assert list(found.utterances["recording"]) == [row[0] for row in ROWS]
    assert list(zip(found.utterances["start"], found.utterances["end"], strict=True)) == [row[2:4] for row in ROWS]
    assert found.utterances.loc[2, "media"].endswith(f"{kind}/_dI--eQ6qVU{suffix}")
    assert found.words.iloc[-1].tolist() == ["03bSnISJMiM_2", "liked", 2.0, 2.5]


@needs_data
def test_both_kinds_of_whole_recordings_share_the_times(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    for video in {row[0] for row in ROWS}:
        clip(root / "Raw" / "Video" / "Full" / f"{video}.mp4")
        clip(root / "Raw" / "Audio" / "WAV_16000" / "Full" / f"{video}.wav")
    table = get(root).utterances
    assert list(table["sound_start"]) == list(table["start"])
    assert table["sound"].str.endswith(".wav").all()
    only_heard = get(root, "text", "audio").utterances
    assert only_heard["media"].str.endswith(".wav").all()
    assert (only_heard["sound"] == "").all()


@needs_data
def test_whole_videos_without_times_are_refused(tmp_path: Path) -> None:
    sheet(tmp_path / "mosi" / "label.csv")
    clip(tmp_path / "mosi" / "Raw" / "Video" / "Full" / "03bSnISJMiM.mp4")
    with pytest.raises(UserError, match=r"Found: .*Video/Full\. .*Whole videos need the times"):
        get(tmp_path / "mosi")


@needs_data
def test_missing_extra_and_stray_clips(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi")
    opinions(
        root / "Raw" / "Labels" / "OpinionLevelSentiment.csv",
        [*ROWS, *(("9qR7uwkblbs", n, n, n + 1, 0.2, "") for n in range(1, 34))],
    )
    clips, sounds = root / "Raw" / "Video" / "Segmented", root / "Raw" / "Audio" / "WAV_16000" / "Segmented"
    (clips / "Bfr499ggo-0_1.mp4").unlink()
    (sounds / "c7UH_rxdZv4_1.wav").unlink()
    clip(clips / "03bSnISJMiM_9.mp4")
    (clips / "._03bSnISJMiM_1.mp4").write_bytes(b"x")
    found = get(root)
    reported = " ".join(messages(found, "warning"))
    media = dict(zip(found.utterances["utterance"], found.utterances["media"], strict=True))
    assert media["Bfr499ggo-0_1"].endswith("/Bfr499ggo-0_1.mp4")  # fails when it is opened
    assert media["9qR7uwkblbs_32"].endswith("/9qR7uwkblbs_32.mp4")
    assert media["9qR7uwkblbs_33"] == ""
    assert "9qR7uwkblbs_33 has no recording. Known fault" in reported
    assert "issue 37" in reported
    assert "extra recording: 03bSnISJMiM_9 has no label" in reported
    assert "stray file: ._03bSnISJMiM_1.mp4 is ignored" in reported
    assert "c7UH_rxdZv4_1 has no sound file" in reported
    failed = [p.message for p in gather(settings(root)).problems if p.severity == "failed"]
    assert any("Bfr499ggo-0_1.mp4" in message for message in failed)


@pytest.mark.parametrize("above", ["", "CMU_MOSI", "a/mosi"])
@pytest.mark.parametrize("media", [True, False])
def test_the_content_of_raw_may_lie_in_the_root(tmp_path: Path, above: str, media: bool) -> None:
    kinds = ("text", "audio", "video") if media else ("text",)
    alone = get(zip_tree(tmp_path / "alone", media=media), *kinds)
    root = zip_tree(tmp_path / "root" / above, media=media)
    for folder in (root / "Raw").iterdir():
        folder.rename(root / folder.name)
    (root / "Raw").rmdir()
    found = get(tmp_path / "root", *kinds)
    local = ["media", "sound"]
    assert found.utterances.drop(columns=local).equals(alone.utterances.drop(columns=local))
    assert not media or all(Path(name).is_file() for column in local for name in found.utterances[column])
