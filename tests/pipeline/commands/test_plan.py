"""plan: a table, JSON, several corpora, and a selection."""

import json
from pathlib import Path

from tests.conftest import output_of


def test_a_plan_is_printed_as_a_table_or_as_json(here: Path) -> None:
    printed = output_of("plan", "--workers", "0")
    assert printed.startswith("c: 16 utterances, 0.0 s of recording\n\nstep ")
    assert "extract vader" in printed
    facts = json.loads(output_of("plan", "--json", "--workers", "0"))["corpora"]
    assert [(one["corpus"], one["cost"]["workers"]) for one in facts] == [("c", 0)]
    assert [step["step"] for step in facts[0]["cost"]["steps"]] == ["preprocess text", "extract vader"]


def test_a_selection_is_planned_by_itself(here: Path) -> None:
    assert output_of("plan", "--limit", "10", "--workers", "0").startswith("c@10: 10 utterances")
