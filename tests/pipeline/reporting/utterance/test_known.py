"""What is known of a corpus without opening a recording."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.errors import UserError
from pipeline.reporting.utterance.known import Known, known_of
from pipeline.settings.params import Params


def test_statuses_failures_and_words_are_those_of_the_files(looking: Params) -> None:
    known = known_of(looking, "c")
    assert known.status("a", "video") == ("ok", "")
    assert known.status("broken", "audio")[0] == "failed"
    assert "broken.mp4" in known.status("broken", "audio")[1]
    assert known.status("words only", "audio") == ("absent", "no recording is named")
    assert {failure.step for failure in known.failures["broken"]} == {"audio", "video"}
    assert [word for word, _, _ in known.words["a"]] == ["To", "me", "good"]
    assert known.label_at(0) == "yes"
    assert known.spaces == {}  # no features were extracted


def test_a_corpus_that_is_not_prepared_is_said(looking: Params, tmp_path: object, monkeypatch: object) -> None:
    monkeypatch.chdir(tmp_path)  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="crossmodal prepare"):
        known_of(looking, "c")


def test_groups_are_those_of_the_protocol() -> None:
    table = pd.DataFrame({"utterance": ["u0", "u1"], "group": ["u0", "u1"], "speaker": ["ana", "ana"]})
    known = Known("c", "", (), table, {}, {}, {})
    assert known.groups.tolist() == ["u0", "u1"]
    assert replace(known, by="speaker").groups.tolist() == ["ana", "ana"]
    assert replace(known, by="lost").groups.tolist() == ["u0", "u1"]
