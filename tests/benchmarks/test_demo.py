"""Scores of the demo corpus: what tells the class is found, what tells it of one speaker alone is not."""

from itertools import combinations
from typing import Any

import numpy as np

from benchmarks.demo import JOINED, scores

SPEAKERS = 10
WORDS = np.array(["awful and bad", "as it was before", "fine and good"])


def inputs(shown: dict[str, np.ndarray], speaker: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Return texts, one input that only a speaker explains, and what each modality shows."""
    rng = np.random.default_rng(0)
    own = rng.permuted(np.tile(np.arange(3), (SPEAKERS, 1)), axis=1)[speaker, truth]  # another code for each speaker
    modalities = {JOINED[name]: np.eye(3)[classes] for name, classes in shown.items()}
    return {"texts": WORDS[truth], "code of the speaker": np.eye(3)[own], **modalities}


def test_scores_are_those_of_unseen_speakers_and_all_three_modalities_have_the_majority():
    cells = [
        (speaker, truth, lies, by)
        for speaker in range(SPEAKERS)
        for truth in range(3)
        for lies in JOINED
        for by in (1, 2)
    ]
    speaker, truth = np.array([cell[0] for cell in cells]), np.array([cell[1] for cell in cells])
    shown = {name: np.array([(t + by * (lies == name)) % 3 for _, t, lies, by in cells]) for name in JOINED}
    found = dict(scores(inputs(shown, speaker, truth), truth, speaker))
    assert found["texts"] == found["text + audio + video"] == 1
    assert all(found[JOINED[name]] == np.mean(shown[name] == truth) == 2 / 3 for name in JOINED)
    assert all(found[f"{one} + {two}"] < 0.7 for one, two in combinations(JOINED, 2))
    assert found["code of the speaker"] < 0.55
