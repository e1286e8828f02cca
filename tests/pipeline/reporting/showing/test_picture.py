"""The picture of an utterance: a PNG, the same twice, also where little is known."""

import cv2
import numpy as np

from pipeline.reporting.showing.picture import picture
from pipeline.reporting.showing.shown import only, shown
from pipeline.reporting.utterance.preview import Preview
from pipeline.settings.params import Params
from tests.pipeline.reporting.showing.test_shown import BLOCK


def pixels(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)


def test_what_is_known_makes_rows(looking: Params) -> None:
    one = shown(looking, "a")
    assert one.preview is not None
    full = picture(one.facts, one.preview, only(BLOCK, "a"))
    assert full == picture(one.facts, one.preview, only(BLOCK, "a"))
    without = pixels(picture(one.facts, one.preview, None))
    assert pixels(full).shape[1] == without.shape[1] == 1350
    assert pixels(full).shape[0] > without.shape[0]
    trimmed = (without == (196, 243, 255)).all(axis=2)  # the colour of what was trimmed, as BGR
    assert trimmed.any()


def test_an_utterance_of_words_alone_has_a_picture(looking: Params) -> None:
    one = shown(looking, "words only")  # right-to-left letters and an emoji, which the font of figures may lack
    assert pixels(picture(one.facts, Preview(), None)).size
    facts = one.facts | {"text": "costs $5 and $6", "id": "$x"}
    assert pixels(picture(facts, Preview(), None)).size
