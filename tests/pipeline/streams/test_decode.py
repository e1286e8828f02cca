"""What a recording holds, and its sound placed on its clock."""

from pathlib import Path

import av
import numpy as np
import pytest

from features.errors import EmptyInput
from pipeline.streams.container.opening import MediaError, open_recording
from pipeline.streams.container.timeline import timeline_of
from pipeline.streams.container.tracks import tracks_of
from pipeline.streams.decode import AudioTrack, probe
from pipeline.streams.spans import Span
from tests.pipeline.streams.recordings import flashing
from tests.pipeline.streams.test_audio import tone, write_media

RATE = 16000


def test_probe_reads_packets_where_no_header_states_a_duration(tmp_path: Path) -> None:
    path = write_media(tmp_path / "live.mkv", tone(440, 3), options={"live": "1"}, codec="flac")
    with av.open(str(path)) as container:
        assert container.duration is None
    info = probe(path)
    assert (bool(info.audio), bool(info.video)) == (True, False)
    assert info.duration_s == pytest.approx(3.0, abs=0.1)


def test_probe_names_the_tracks_of_sound_and_picture(tmp_path: Path) -> None:
    info = probe(flashing(tmp_path / "a.mkv", 2.0, 1.0, video="libx264", audio="aac"))
    assert (bool(info.audio), bool(info.video)) == (True, True)
    assert [track.channels for track in info.audio] == [("FL", "FR")]
    assert [track.size for track in info.video] == [(64, 48)]
    assert info.breaks_off_s is None
    assert info.notices == ()


@pytest.mark.parametrize(("codec", "scale"), [("pcm_u8", 1 / 127), ("pcm_s16le", 1 / 32767), ("pcm_f32le", 1e-4)])
def test_samples_have_their_number_and_their_full_scale(tmp_path: Path, codec: str, scale: float) -> None:
    signal = np.stack([tone(440, 1.0, 0.5), tone(880, 1.0, 0.25)])
    path = write_media(tmp_path / "a.wav", signal, codec=codec, layout="stereo")
    timeline = timeline_of(path)
    with open_recording(path) as container:
        (track,) = tracks_of(container, "audio", timeline.stills)
        sound = AudioTrack(container, timeline, track, "a.wav")
        chunks = list(sound.chunks())
        sound.check(Span(0.2, 1.0))
        with pytest.raises(EmptyInput, match=r"starts at 1\.50 s, but the audio ends at 1\.00 s"):
            sound.check(Span(1.5, 2.0))
    assert {chunk.names for chunk in chunks} == {("NONE", "NONE")}
    assert [chunk.start for chunk in chunks] == np.cumsum([0, *(c.rows.shape[1] for c in chunks[:-1])]).tolist()
    np.testing.assert_allclose(np.concatenate([c.rows for c in chunks], axis=1), signal, atol=scale)
    assert sound.rate_hz == RATE
    assert sound.end_s == 1.0


def test_sound_that_ends_before_its_stated_end_fails_a_span_after_it(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.wav", tone(440, 4.0))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    timeline = timeline_of(path)
    with open_recording(path) as container:
        (track,) = tracks_of(container, "audio", timeline.stills)
        sound = AudioTrack(container, timeline, track, "a.wav")
        list(sound.chunks())
        sound.check(Span(0.0, 1.9))
        with pytest.raises(
            MediaError, match=r"of a\.wav breaks off at 2\.00 s, but its header states an end at 4\.00 s"
        ):
            sound.check(Span(1.0, 3.0))
