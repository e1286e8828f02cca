"""The sound in blocks is that of the whole recording, on its clock."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from pipeline.streams import listening
from pipeline.streams.container.opening import MediaError
from pipeline.streams.listening import listen
from tests.pipeline.streams.recordings import bursts, flashing, tone

RATE = 16000


def heard(path: Path) -> tuple[float, float, int]:
    """Return where the first loud sample of a recording is and the last, in seconds, and the number of samples."""
    sound = np.concatenate(list(listen(path, RATE)))
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    return loud[0] / RATE, loud[-1] / RATE, len(sound)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.wav", "pcm_s16le"), ("a.mp4", "aac"), ("a.mkv", "libopus"), ("a.mpg", "mp2"), ("a.flac", "flac")],
)
@pytest.mark.parametrize("block_s", [0.05, 20.0])
def test_the_clock_is_that_of_the_recording(
    tmp_path: Path, name: str, codec: str, block_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "BLOCK_S", block_s)
    path = tmp_path / name
    flashing(path, 3.0, 1.25, audio=codec, video="" if name in ("a.wav", "a.flac") else "mpeg4")
    first, last, samples = heard(path)
    assert first == pytest.approx(1.25, abs=0.03)
    assert last == pytest.approx(1.55, abs=0.05)
    assert samples == pytest.approx(3 * RATE, abs=0.1 * RATE)


def test_blocks_of_any_length_give_the_same_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, bursts(4, (1, 2), (2.5, 3)), 44100)
    whole = np.concatenate(list(listen(path, RATE)))
    monkeypatch.setattr(listening, "BLOCK_S", 0.01)
    np.testing.assert_allclose(np.concatenate(list(listen(path, RATE))), whole, atol=1e-6)


def test_late_sound_and_gaps_are_silent(tmp_path: Path) -> None:
    """A track whose packets lack one second in the middle, and which begins 2 s after the picture."""
    path = tmp_path / "gap.mkv"
    with av.open(str(path), "w") as out:
        film = out.add_stream("mpeg4", rate=25)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream("pcm_s16le", rate=RATE)
        sound.layout = "mono"
        for i in range(150):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts = i
            out.mux(film.encode(frame))
        out.mux(film.encode(None))
        for second in (2, 4):
            data = (tone(440, 1.0, 0.3, RATE) * 32767).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(data, format="s16", layout="mono")
            frame.rate, frame.pts = RATE, second * RATE
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    blocks = np.concatenate(list(listen(path, RATE)))
    level = np.abs(blocks[: 5 * RATE]).reshape(5, RATE).mean(axis=1) > 0.05
    assert level.tolist() == [False, False, True, False, True]


def test_channels_that_cancel_are_not_averaged(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    voice = tone(440, 3.0, 0.3, RATE)
    soundfile.write(path, np.stack([voice, -voice], axis=1), RATE)
    assert np.abs(np.concatenate(list(listen(path, RATE)))).max() > 0.2


def test_a_recording_without_sound_and_an_unknown_track_are_named(tmp_path: Path) -> None:
    flashing(tmp_path / "mute.mp4", 1.0, 0.5, video="mpeg4")
    with pytest.raises(MediaError, match=r"the mute one has no sound"):
        list(listen(tmp_path / "mute.mp4", RATE, name="the mute one"))
    flashing(tmp_path / "a.mp4", 1.0, 0.5, audio="aac")
    with pytest.raises(MediaError, match="track"):
        list(listen(tmp_path / "a.mp4", RATE, track="7"))
