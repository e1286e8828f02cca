"""How long recordings are, where their clocks start, where they break off: checked on synthetic recordings."""

import re
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from features.errors import EmptyInput
from features.types import AudioStream
from pipeline.settings.streams import AudioConfig
from pipeline.streams.audio import read_audio
from pipeline.streams.container.opening import MediaError
from pipeline.streams.container.timeline import timeline_of
from pipeline.streams.decode import probe
from pipeline.streams.frames import survey
from pipeline.streams.spans import Span
from tests.pipeline.streams.recordings import beeps_from_s, flashing, joined, white_from_s

WITH_PICTURE = {
    "ts": ("libx264", "aac", "mpegts"),
    "mpg": ("mpeg2video", "mp2", "vob"),
    "mpeg": ("mpeg1video", "mp2", "mpeg"),
    "mkv": ("libx264", "aac", "matroska"),
    "webm": ("libvpx", "libopus", "webm"),
}
SOUND_ONLY = {
    "mp3": ("libmp3lame", "mp3"),
    "mp2": ("mp2", "mp2"),
    "aac": ("aac", "adts"),
    "ac3": ("ac3", "ac3"),
    "opus": ("libopus", "ogg"),
}
LOSING = {  # FFmpeg reads the first part, or loses some of it
    "mp4": ("libx264", "aac", "mp4"),
    "flv": ("flv1", "libmp3lame", "flv"),
    "wav": ("", "pcm_s16le", "wav"),
    "flac": ("", "flac", "flac"),
    "aiff": ("", "pcm_s16be", "aiff"),
}


# --- joined byte by byte -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", WITH_PICTURE)
def test_parts_of_a_joined_recording_lie_end_to_end_in_picture_and_sound(tmp_path: Path, ending: str) -> None:
    video, audio, container = WITH_PICTURE[ending]
    kinds = {"video": video, "audio": audio, "container": container}
    first = flashing(tmp_path / f"a.{ending}", 3.0, 1.0, **kinds)
    second = flashing(tmp_path / f"b.{ending}", 2.0, 0.5, **kinds)
    path = joined(tmp_path / f"ab.{ending}", [first, second])
    assert probe(path).duration_s == pytest.approx(5.0, abs=0.12)
    assert probe(path).breaks_off_s is None
    for found in (white_from_s(path), beeps_from_s(path)):
        assert found == pytest.approx([1.0, 3.5], abs=0.12)
    assert np.abs(np.subtract(white_from_s(path), beeps_from_s(path))).max() < 0.06


@pytest.mark.parametrize("duration_s", [1.0, 4.0, 8.0])
@pytest.mark.parametrize(
    ("video", "audio", "container"),
    [
        ("mpeg2video", "ac3", "vob"),
        ("mpeg2video", "ac3", "dvd"),
        ("mpeg2video", "mp2", "vob"),
        ("mpeg1video", "mp2", "mpeg"),
        ("", "ac3", "vob"),
        ("", "mp2", "mpeg"),
        ("mpeg2video", "ac3", "mpegts"),
        ("", "aac", "mpegts"),
        ("libx264", "", "mpegts"),
    ],
)
def test_mpeg_streams_last_to_the_end_of_their_last_packet(
    tmp_path: Path, video: str, audio: str, container: str, duration_s: float
) -> None:
    path = flashing(tmp_path / "a", duration_s, 0.5, video=video, audio=audio, container=container)
    timeline = timeline_of(path)
    assert timeline.duration_s == max(timeline.ends_s.values())
    assert timeline.duration_s == pytest.approx(duration_s, abs=0.06)


@pytest.mark.parametrize("ending", ["ts", "mpg", "mpeg"])
def test_three_parts_of_any_length_lie_end_to_end(tmp_path: Path, ending: str) -> None:
    video, audio, container = WITH_PICTURE[ending]
    kinds = {"video": video, "audio": audio, "container": container}
    short = flashing(tmp_path / f"a.{ending}", 0.8, 0.2, **kinds)
    long = flashing(tmp_path / f"b.{ending}", 3.0, 1.0, **kinds)
    path = joined(tmp_path / f"aba.{ending}", [short, long, short])
    for found in (white_from_s(path), beeps_from_s(path)):
        assert found == pytest.approx([0.2, 1.8, 4.0], abs=0.15)


@pytest.mark.parametrize("ending", SOUND_ONLY)
def test_joined_sound_lies_end_to_end(tmp_path: Path, ending: str) -> None:
    audio, container = SOUND_ONLY[ending]
    first = flashing(tmp_path / f"a.{ending}", 3.0, 1.0, audio=audio, container=container)
    second = flashing(tmp_path / f"b.{ending}", 2.0, 0.5, audio=audio, container=container)
    path = joined(tmp_path / f"ab.{ending}", [first, second])
    assert probe(path).duration_s == pytest.approx(5.0, abs=0.12)
    assert beeps_from_s(path) == pytest.approx([1.0, 3.5], abs=0.12)


@pytest.mark.parametrize("ending", LOSING)
def test_joined_files_of_which_a_part_would_be_lost_are_refused(tmp_path: Path, ending: str) -> None:
    video, audio, container = LOSING[ending]
    part = flashing(tmp_path / f"a.{ending}", 3.0, 1.0, video=video, audio=audio, container=container)
    assert probe(part).duration_s == pytest.approx(3.0, abs=0.06)
    with pytest.raises(MediaError, match=f"ab.{ending} consists of several recordings joined byte by byte"):
        probe(joined(tmp_path / f"ab.{ending}", [part, part]))


def test_a_silent_film_joined_with_one_of_sound_is_refused(tmp_path: Path) -> None:
    mute = flashing(tmp_path / "mute.ts", 3.0, 1.0, video="libx264", container="mpegts")
    film = flashing(tmp_path / "film.ts", 3.0, 1.0, video="libx264", audio="aac", container="mpegts")
    with pytest.raises(MediaError, match="several recordings joined"):
        probe(joined(tmp_path / "both.ts", [mute, film]))


def paused(path: Path, source: Path, at_s: float, pause_s: float) -> Path:
    """Rewrite a recording so that its clock runs on during a pause; pictures keep their order."""
    with av.open(str(source)) as read, av.open(str(path), "w", format="mpegts") as out:
        streams = {s.index: out.add_stream_from_template(s) for s in read.streams if s.type in ("audio", "video")}
        found = [packet for packet in read.demux() if packet.size]
        for packet in found:
            ticks = round(pause_s / packet.time_base)
            packet.pts += ticks if packet.pts * packet.time_base >= at_s else 0
            packet.dts += ticks if packet.dts * packet.time_base >= at_s else 0
            packet.stream = streams[packet.stream_index]
        for packet in sorted(found, key=lambda p: float(p.dts * p.time_base)):
            out.mux(packet)
    return path


@pytest.mark.parametrize("video", ["libx264", "mpeg2video", "mpeg4"])
@pytest.mark.parametrize("pause_s", [20.0, 70.0, 4000.0])
def test_a_pause_of_a_transport_stream_stays(tmp_path: Path, video: str, pause_s: float) -> None:
    source = flashing(tmp_path / "a.ts", 4.0, 3.0, video=video, audio="mp2", container="mpegts")
    path = paused(tmp_path / "paused.ts", source, 1.5, pause_s)
    info = probe(path)
    assert info.duration_s == pytest.approx(4.0 + pause_s, abs=0.15)
    assert white_from_s(path) == pytest.approx([3.0 + pause_s], abs=0.1)
    span = Span(pause_s + 2.0, pause_s + 4.0)
    ((_, found),) = read_audio(path, [span], AudioConfig())
    assert isinstance(found, AudioStream)
    assert span.start_s + found.start_s == pytest.approx(3.0 + pause_s, abs=0.1)
    if pause_s > 60:
        (message,) = info.notices
        leap = re.search(r"its clock jumps forward by ([0-9.]+) s at 1\.[45]\d s, which counts as a pause", message)
        assert leap is not None
        assert float(leap[1]) == pytest.approx(pause_s, abs=0.1)


@pytest.mark.parametrize("video", ["libx264", "mpeg2video"])
def test_a_jump_taken_for_a_joint_is_reported_and_moves_picture_and_sound_alike(tmp_path: Path, video: str) -> None:
    """Program streams do not count their packets, so a pause looks like a joint."""
    parts = [
        flashing(tmp_path / f"{i}.mpg", 2.0, 0.5, video="mpeg2video", audio="mp2", container="vob", start_s=start_s)
        for i, start_s in enumerate((0.0, 100.0))
    ]
    if video == "libx264":
        kinds = {"video": video, "audio": "aac", "container": "mpegts"}
        parts = [flashing(tmp_path / f"{i}", 2.0, 0.5, start_s=s, **kinds) for i, s in enumerate((0.0, 100.0))]
    path = joined(tmp_path / "joined", parts)
    (message,) = probe(path).notices
    assert "its clock jumps forward by 9" in message
    assert "which counts as the join of two recordings" in message
    for found in (white_from_s(path), beeps_from_s(path)):
        assert found == pytest.approx([0.5, 2.5], abs=0.12)


@pytest.mark.parametrize("starts_s", [(3600.0, 0.0), (0.0, 3600.0), (100.0, 0.0)])
def test_parts_whose_clocks_lie_far_apart(tmp_path: Path, starts_s: tuple[float, float]) -> None:
    kinds = {"video": "libx264", "audio": "aac", "container": "mpegts"}
    parts = [flashing(tmp_path / f"{i}.ts", 2.0, 0.5, start_s=start_s, **kinds) for i, start_s in enumerate(starts_s)]
    path = joined(tmp_path / "joined.ts", parts)
    assert probe(path).duration_s == pytest.approx(4.0, abs=0.12)
    for found in (white_from_s(path), beeps_from_s(path)):
        assert found == pytest.approx([0.5, 2.5], abs=0.12)


def test_fragments_of_two_recordings_are_not_mixed(tmp_path: Path) -> None:
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    part = flashing(tmp_path / "a.mp4", 2.0, 0.5, video="libx264", audio="aac", options=options)
    with pytest.raises(MediaError, match="several recordings joined"):
        probe(joined(tmp_path / "joined.mp4", [part, part]))


def test_an_aiff_that_was_written_to_a_pipe_is_whole(tmp_path: Path) -> None:
    path = flashing(tmp_path / "pipe.aiff", 3.0, 1.0, audio="pcm_s16be", container="aiff")
    data = bytearray(path.read_bytes())
    sound, common = data.index(b"SSND"), data.index(b"COMM")
    for size in (0x7F000008, 0x7FFFFFFF):  # SoX; others
        data[4:8] = struct.pack(">I", min(size + 46, 0x7FFFFFFF))
        data[sound + 4 : sound + 8] = struct.pack(">I", size)
        data[common + 10 : common + 14] = struct.pack(">I", size // 4)
        path.write_bytes(data)
        assert probe(path).duration_s == pytest.approx(3.0, abs=0.01)
        assert probe(path).breaks_off_s is None


def test_stamps_that_wrap_around_continue(tmp_path: Path) -> None:
    wraps_s = 2**33 / 90000
    kinds = {"video": "libx264", "audio": "aac", "container": "mpegts"}
    path = flashing(tmp_path / "wraps.ts", 4.0, 2.5, start_s=round(wraps_s) - 2.0, **kinds)
    assert probe(path).duration_s == pytest.approx(4.0, abs=0.1)
    assert white_from_s(path) == pytest.approx([2.5], abs=0.1)
    assert beeps_from_s(path) == pytest.approx([2.5], abs=0.1)


# --- lengths that are guessed, or not stated ---------------------------------------------------------------------


@pytest.mark.parametrize(("ending", "audio", "container"), [("mp3", "libmp3lame", "mp3"), ("aac", "aac", "adts")])
def test_a_length_guessed_from_the_bit_rate_is_not_used(
    tmp_path: Path, ending: str, audio: str, container: str
) -> None:
    parts = []
    for bit_rate in ("32000", "192000"):
        parts.append(
            flashing(
                tmp_path / f"{bit_rate}.{ending}",
                6.0,
                2.0,
                audio=audio,
                container=container,
                audio_options={"b": bit_rate},
                options={"write_xing": "0", "id3v2_version": "0"} if ending == "mp3" else {},
            )
        )
    for order in (parts, parts[::-1]):
        path = joined(tmp_path / f"varied.{ending}", order)
        info = probe(path)
        assert info.duration_s == pytest.approx(12.0, abs=0.12)
        assert info.breaks_off_s is None
        assert beeps_from_s(path) == pytest.approx([2.0, 8.0], abs=0.12)
        ((_, late),) = read_audio(path, [Span(7.5, 9.0)], AudioConfig())
        assert isinstance(late, AudioStream)


@pytest.mark.parametrize("tag", [b"", b"ID3\x04\x00\x00\x00\x00\x10\x00" + b"Info" * 512])
def test_an_mp3_that_counts_its_frames_can_break_off(tmp_path: Path, tag: bytes) -> None:
    path = flashing(tmp_path / "a.mp3", 6.0, 2.0, audio="libmp3lame", container="mp3")
    data = path.read_bytes()
    data = tag + data[data.index(b"\xff\xfb") :]
    path.write_bytes(data)
    assert probe(path).duration_s == pytest.approx(6.0, abs=0.06)
    path.write_bytes(data[: len(tag) + (len(data) - len(tag)) // 2])
    info = probe(path)
    assert info.duration_s == pytest.approx(6.0, abs=0.06)
    assert info.breaks_off_s == pytest.approx(3.0, abs=0.1)


# --- the first stamp ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ending", "video", "audio"), [("mkv", "libx264", "aac"), ("webm", "libvpx", "libopus")])
@pytest.mark.parametrize("start_s", [10.0, 0.4])
def test_a_capture_counts_from_its_first_stamp(
    tmp_path: Path, ending: str, video: str, audio: str, start_s: float
) -> None:
    path = flashing(tmp_path / f"live.{ending}", 3.0, 1.0, video=video, audio=audio, start_s=start_s)
    info = probe(path)
    assert info.duration_s == pytest.approx(3.0, abs=0.06)
    assert info.breaks_off_s is None
    assert white_from_s(path) == pytest.approx([1.0], abs=0.05)
    assert beeps_from_s(path) == pytest.approx([1.0], abs=0.05)
    cut = tmp_path / f"cut.{ending}"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert probe(cut).breaks_off_s is not None


@pytest.mark.parametrize("options", [{}, {"bf": "0"}])
@pytest.mark.parametrize(
    ("times_s", "duration_s"),
    [
        ((0, 5, 10, 15, 20), 20.04),
        ((0, 0.2, 0.4), 0.44),
        ((3, 8, 13), 10.04),
        ((7, 7.2), 0.24),
        ((4,), 0.04),
        (tuple(range(2, 42)), 39.04),
    ],
)
def test_the_clock_of_a_few_pictures_starts_at_the_first(
    tmp_path: Path, times_s: tuple[float, ...], duration_s: float, options: dict[str, str]
) -> None:
    """FFmpeg reports no start for them, or a late one."""
    path = tmp_path / "slides.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for number, time_s in enumerate(times_s):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 6 * number, np.uint8), "rgb24")
            frame.pts, frame.time_base = round(1000 * time_s), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    contents = survey(path)
    assert contents is not None
    np.testing.assert_allclose(contents.times, np.array(times_s) - times_s[0], atol=0.002)
    assert probe(path).duration_s == pytest.approx(duration_s, abs=0.01)
    assert probe(path).breaks_off_s is None


def test_tracks_that_start_late_in_an_mp4(tmp_path: Path) -> None:
    path = flashing(tmp_path / "late.mp4", 3.0, 1.0, video="libx264", audio="aac", start_s=2.0)
    assert probe(path).duration_s == pytest.approx(3.0, abs=0.06)
    assert white_from_s(path) == pytest.approx(beeps_from_s(path), abs=0.05)


def test_a_fragmented_mp4_is_as_long_as_its_fragments(tmp_path: Path) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = flashing(tmp_path / "frag.mp4", 6.0, 4.0, video="libx264", audio="aac", options=options)
    info = probe(path)
    assert info.duration_s == pytest.approx(6.0, abs=0.1)
    assert info.breaks_off_s is None


# --- streams of other kinds --------------------------------------------------------------------------------------


def test_a_subtitle_beyond_the_end_does_not_count_as_a_break(tmp_path: Path) -> None:
    """The container's length is that of all streams; sound and picture may end earlier."""
    path = tmp_path / "titled.mkv"
    film = flashing(tmp_path / "plain.mkv", 3.0, 1.0, video="libx264", audio="aac")
    (tmp_path / "t.srt").write_text("1\n00:00:08,000 --> 00:00:10,000\nstill here\n")
    with av.open(str(film)) as plain, av.open(str(tmp_path / "t.srt")) as titles, av.open(str(path), "w") as out:
        copies = {
            (source, s.index): out.add_stream_from_template(s) for source in (plain, titles) for s in source.streams
        }
        for source in (plain, titles):
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = copies[source, packet.stream_index]
                    out.mux(packet)
    info = probe(path)
    assert info.breaks_off_s is None
    assert info.duration_s == pytest.approx(3.0, abs=0.06)


def test_a_recording_without_stamps_is_counted(tmp_path: Path) -> None:
    path = flashing(tmp_path / "raw.h264", 3.0, 1.0, video="libx264", container="h264")
    assert timeline_of(path).duration_s == pytest.approx(3.0, abs=0.05)


def test_a_span_after_all_sound_is_empty_and_does_not_fail(tmp_path: Path) -> None:
    path = flashing(tmp_path / "a.aac", 3.0, 1.0, audio="aac", container="adts")
    ((_, found),) = read_audio(path, [Span(5.0, 6.0)], AudioConfig())
    assert isinstance(found, EmptyInput)
