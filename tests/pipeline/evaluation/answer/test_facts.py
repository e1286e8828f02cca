"""The answer is plain data: it is equal to another with the same content, and cannot be changed."""

from dataclasses import FrozenInstanceError

import pytest

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from pipeline.evaluation.answer.facts import Answer, Measured


def test_an_answer_cannot_be_changed_and_names_its_rows_as_tables_do() -> None:
    row = Measured("vote", ("text", "audio"), "svm", "T+A by majority vote (SVM)", Interval(0.5, 0.4, 0.6))
    assert row.configuration == Configuration.parse("vote", "text+audio", "svm")
    answer = Answer("c", "", single=row)
    assert answer == Answer("c", "", single=Measured(*vars(row).values()))
    with pytest.raises(FrozenInstanceError):
        answer.single = None  # type: ignore[misc]
