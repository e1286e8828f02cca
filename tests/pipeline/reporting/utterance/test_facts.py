"""The facts of one utterance."""

from dataclasses import replace

from pipeline.reporting.utterance.facts import facts_of
from pipeline.reporting.utterance.known import Space, known_of
from pipeline.reporting.utterance.preview import Preview
from pipeline.settings.params import Params


def test_they_join_tables_stores_and_preview(looking: Params) -> None:
    known = known_of(looking, "c")
    facts = facts_of(known, 0, Preview({"sound": {"gain_db": 1.0}}))
    assert (facts["id"], facts["speaker"], facts["label"]) == ("a", "ana", "yes")
    assert (facts["start"], facts["seconds"]) == (0.0, 2.64)
    assert facts["words"] == [["To", 0.362, 0.48], ["me", 0.48, 0.766], ["good", 1.773, 2.103]]
    assert facts["sources"] == {"text_source": "given", "words_source": "given"}
    assert facts["sound"] == {"gain_db": 1.0}
    assert facts["statuses"] == {"text": ["ok", ""], "audio": ["ok", ""], "video": ["ok", ""]}


def test_the_group_is_that_of_the_protocol(looking: Params) -> None:
    known = known_of(looking, "c")
    known.table["group"], known.table["family"] = "recording", "family"
    assert known.by == "speaker"
    assert facts_of(known, 0, None)["group"] == "ana"
    assert facts_of(replace(known, by="family"), 0, None)["group"] == "family"


def test_neighbours_have_names_and_failures_their_messages(looking: Params) -> None:
    known = known_of(looking, "c")
    known.spaces["text"] = Space("vader", [[(2, 0.5)], [], [], []])  # type: ignore[index]
    assert facts_of(known, 0, None)["neighbours"] == {"text": {"space": "vader", "near": [["broken", 0.5]]}}
    broken = facts_of(known, 2, None, "why not")
    assert broken["clip"] == {"mime": "", "note": "why not"}
    assert [row[:2] for row in broken["failures"]] == [["preprocess", "audio"], ["preprocess", "video"]]


def test_an_utterance_without_a_recording_has_no_span(looking: Params) -> None:
    facts = facts_of(known_of(looking, "c"), 3, None)
    assert facts["media"] == ""
    assert facts["seconds"] is None
