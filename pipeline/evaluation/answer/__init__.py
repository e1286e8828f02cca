"""The answer for a corpus: whether fusing its modalities helps, by how much, and how sure that is.

`answer_of` derives the answer from the scores of the table, and `sentences` puts it into words. The answer is stored in
results/<corpus>/answer.json, which the terminal, the page and the Python interface read.
"""

from pipeline.evaluation.answer.facts import Answer, Caveat, Compared, Gain, Largest, Measure, Measured, Modality
from pipeline.evaluation.answer.files import answer_json, read_answer
from pipeline.evaluation.answer.finding import Evidence, answer_of, unanswered
from pipeline.evaluation.answer.metrics import headline_metrics
from pipeline.evaluation.answer.rows import rows_json
from pipeline.evaluation.answer.screen import View, screen
from pipeline.evaluation.answer.sentences import sentences, unequal

__all__ = [
    "Answer",
    "Caveat",
    "Compared",
    "Evidence",
    "Gain",
    "Largest",
    "Measure",
    "Measured",
    "Modality",
    "View",
    "answer_json",
    "answer_of",
    "headline_metrics",
    "read_answer",
    "rows_json",
    "screen",
    "sentences",
    "unanswered",
    "unequal",
]
