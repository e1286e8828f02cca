"""Recordings of real speech between stretches of silence, and where the speech is."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import DATA

RATE = 16000
CLIPS = DATA / "ravdess" / "speech"


def recording(path: Path, clips: int = 3, gap_s: float = 1.0) -> list[tuple[float, float]]:
    """Write clips of RAVDESS with silence before, between and after them; return the start and end of each clip."""
    found = sorted(CLIPS.glob("03-01-05-02-*.flac"))[:clips]  # spoken loudly
    if len(found) < clips:
        pytest.skip("needs the clips of RAVDESS")
    parts, places, at = [np.zeros(round(gap_s * RATE))], [], gap_s
    for clip in found:
        sound, rate = soundfile.read(clip)
        assert rate == RATE
        parts += [sound, np.zeros(round(gap_s * RATE))]
        places.append((at, at + len(sound) / RATE))
        at += len(sound) / RATE + gap_s
    soundfile.write(path, np.concatenate(parts), RATE)
    return places
