"""The schema of a saved model comes from a file: each value is checked, and what is odd is named in one sentence."""

import copy

import pytest

from pipeline.errors import UserError
from pipeline.inference.schema import checked

VADER = {"name": "vader", "version": 1, "config": {}, "weights": {}, "libraries": {"vaderSentiment": "3.3.2"}}
GOOD = {
    "corpus": "demo",
    "task": "classification",
    "label": "mood",
    "strategy": "concat",
    "modalities": ["text"],
    "classifier": "logistic",
    "utterances": 10,
    "groups": {"by": "speaker", "count": 2},
    "train": {},
    "parameters": 5,
    "features": {
        "text": [
            {"name": "vader", "kind": "extracted", "columns": ["a"], "fingerprint": VADER},
            {"name": "tfidf", "kind": "fitted"},
        ]
    },
    "frames": None,
    "streams": {"text": {"version": 1, "config": {}, "libraries": {}}},
}


def test_a_sound_schema_is_returned_as_it_is() -> None:
    assert checked(GOOD, "m") is GOOD
    late = GOOD | {"strategy": "vote@extractor"}
    assert checked(late, "m") is late
    newer = GOOD | {"note": "acted", "ranges": {"text": {"low": [0.0], "high": [1]}}, "timed_words": 2}
    assert checked(newer, "m") is newer


ODD = [
    (("modalities",), "text", r"m\.modalities is 'text': it must be a list"),
    (("modalities",), ["text"] * 2, "twice"),
    (("modalities",), [f"m{i}" for i in range(40)], "'m0'"),
    (("modalities",), ["audio"], "features and streams do not belong to the modalities audio"),
    (("task",), "guess", "'guess'"),
    (("strategy",), "concatt", "did you mean 'concat'"),
    (("strategy",), "concat@extractor", "no strategy is named 'concat@extractor'"),
    (("classifier",), ["logistic"], "it must be text"),
    (("classifier",), "logistics", "did you mean 'logistic'"),
    (("utterances",), True, "utterances is true: it must be a whole number"),
    (("parameters",), float("nan"), "it must be a whole number"),
    (("groups",), [], "it must be a mapping of names to values"),
    (("features",), [], "it must be a mapping of names to values"),
    (("features", "text"), {}, "it must be a list"),
    (("features", "text", 0), "vader", "it must be a mapping of names to values"),
    (("features", "text", 0, "kind"), "run", "'run'"),
    (("features", "text", 0, "fingerprint"), None, "lacks its fingerprint"),
    (("features", "text", 0, "fingerprint", "config"), [], "must be"),
    (("features", "text", 1, "name"), "../../escape", "is not a known transformer"),
    (("frames",), [], "must be"),
    (("streams",), {"smell": {}}, "streams.smell.version is missing"),
    (("streams", "text"), None, "it must be a mapping of names to values"),
    (("unknown",), 1, "unknown is unknown; available: corpus"),
    (("k" * 5000,), 1, "m.k+... is unknown"),
    (("utterances",), 10**4000, "a count is not between 0"),
    (("utterances",), -1, "a count is not between 0"),
    (("groups", "count"), 10**100, "a count is not between 0"),
    (("timed_words",), 2**60, "a count is not between 0"),
    (("strategy",), "x\nError: fake" + "x" * 9999, "no strategy is named"),
    (("task",), "y" * 9999, "'yyy"),
    (("features", "text"), [GOOD["features"]["text"][0]] * 20_000, "twice"),
    (
        ("features", "text"),
        [{"name": "tfidf", "kind": "fitted", "columns": [str(i % 20_000)]} for i in range(20_001)],
        "twice",
    ),
    (("features", "a\nError: fake"), 5, "it must be a list"),
]


@pytest.mark.parametrize(("place", "value", "said"), ODD)
def test_what_is_odd_is_named(place: tuple[str | int, ...], value: object, said: str) -> None:
    schema = copy.deepcopy(GOOD)
    inner = schema
    for key in place[:-1]:
        inner = inner[key]  # type: ignore[index]
    inner[place[-1]] = value  # type: ignore[index]
    with pytest.raises(UserError, match=said) as caught:
        checked(schema, "m")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", GOOD)
def test_what_is_missing_is_named(key: str) -> None:
    with pytest.raises(UserError, match=key):
        checked({k: v for k, v in GOOD.items() if k != key}, "m")
