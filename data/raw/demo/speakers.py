"""The twelve invented speakers: how each head looks and how each voice sounds. None of them is anybody's likeness."""

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Speaker:
    """One invented person.

    Colours are RGB, 0 to 255. Sizes are relative to the average head, which has the size 1.
    """

    name: str
    """Also the first part of the utterance names."""
    voice: str
    """espeak-ng voice and variant."""
    pitch: float
    """Usual espeak-ng pitch setting, 0 to 99."""
    rate_wpm: float
    """Usual speaking rate, words per minute."""
    skin: Colour
    hair: Colour
    lips: Colour
    iris: Colour
    shirt: Colour
    background: Colour
    width: float = 1.0
    height: float = 1.0
    jaw: float = 0.82
    """Width of the chin relative to the temples."""
    eye_gap: float = 1.0
    brow: float = 1.0
    nose: float = 1.0
    lip: float = 1.0
    fringe: float = 0.0
    """How much higher than average the hair line is, in face units."""
    parting: float = 0.0
    """Slant of the hair line; positive is higher on the picture's right."""
    long_hair: bool = False
    beard: bool = False
    grain: int = 0
    """Seed of the fine structure of skin and hair."""


SPEAKERS = (
    Speaker(
        "ana", "en-us+f1", 40, 168, (226, 178, 148), (58, 40, 28), (178, 84, 82), (72, 90, 60), (70, 90, 140),
        (190, 200, 210), long_hair=True, lip=1.1, brow=0.85, jaw=0.80, grain=1,
    ),
    Speaker(
        "ben", "en-us+m3", 56, 166, (214, 162, 130), (40, 30, 24), (164, 88, 80), (84, 62, 40), (120, 66, 60),
        (204, 198, 186), 1.06, 1.02, 0.92, brow=1.25, nose=1.12, lip=0.9, fringe=-0.08, parting=0.10, grain=2,
    ),
    Speaker(
        "cleo", "en-us+f3", 37, 172, (150, 104, 76), (28, 20, 18), (142, 66, 64), (54, 36, 24), (176, 150, 80),
        (178, 192, 184), 0.96, 0.98, 0.78, eye_gap=1.03, lip=1.25, nose=1.08, fringe=-0.10, grain=3,
    ),
    Speaker(
        "dev", "en-us+m4", 63, 170, (186, 134, 98), (26, 22, 22), (150, 80, 70), (58, 40, 28), (60, 110, 100),
        (198, 190, 204), 1.02, 1.04, 0.88, brow=1.3, nose=1.05, parting=-0.12, beard=True, grain=4,
    ),
    Speaker(
        "eva", "en-us+f4", 37, 162, (238, 196, 172), (186, 144, 84), (196, 98, 98), (80, 112, 140), (140, 80, 120),
        (206, 206, 198), 0.94, 1.0, 0.76, brow=0.9, nose=0.9, long_hair=True, parting=0.14, grain=5,
    ),
    Speaker(
        "finn", "en-us+m1", 60, 162, (232, 188, 164), (142, 82, 46), (184, 98, 90), (78, 108, 96), (64, 84, 64),
        (184, 196, 206), 1.04, 0.96, 0.90, brow=1.1, eye_gap=0.97, fringe=-0.05, parting=-0.10, grain=6,
    ),
    Speaker(
        "gia", "en-us+f5", 34, 174, (204, 150, 116), (92, 58, 40), (172, 78, 82), (96, 76, 44), (90, 90, 96),
        (210, 200, 190), 0.93, 1.05, 0.74, lip=1.15, nose=0.95, long_hair=True, fringe=-0.06, grain=7,
    ),
    Speaker(
        "hugo", "en-us+m7", 54, 164, (176, 128, 100), (70, 66, 64), (146, 82, 76), (60, 66, 70), (48, 64, 104),
        (188, 194, 190), 1.10, 0.94, 0.93, brow=1.2, nose=1.15, lip=0.95, beard=True, fringe=-0.10, grain=8,
    ),
    Speaker(
        "iris", "en-us+f2", 38, 168, (218, 168, 134), (112, 44, 32), (182, 88, 86), (64, 104, 72), (56, 104, 112),
        (200, 204, 188), 0.98, 1.01, 0.79, eye_gap=1.02, brow=0.95, nose=0.95, fringe=-0.04, parting=0.08, grain=9,
    ),
    Speaker(
        "jon", "en-us+m2", 58, 168, (240, 204, 180), (196, 164, 110), (190, 104, 98), (92, 122, 146), (146, 124, 92),
        (186, 190, 204), 1.08, 1.0, 0.86, brow=1.15, eye_gap=0.98, nose=1.05, lip=0.92, parting=0.12, grain=10,
    ),
    Speaker(
        "kim", "en-us+steph", 40, 172, (230, 186, 150), (30, 24, 26), (176, 82, 84), (48, 34, 26), (168, 92, 84),
        (192, 204, 204), 1.01, 0.97, 0.77, brow=0.88, nose=0.92, lip=1.05, long_hair=True, fringe=-0.12, grain=11,
    ),
    Speaker(
        "leo", "en-us+m6", 58, 164, (132, 90, 64), (22, 18, 18), (128, 66, 62), (44, 30, 22), (112, 132, 160),
        (206, 196, 184), 1.05, 1.03, 0.89, eye_gap=1.01, brow=1.22, nose=1.14, lip=1.2, fringe=-0.06, grain=12,
    ),
)  # fmt: skip

BY_NAME = {speaker.name: speaker for speaker in SPEAKERS}
