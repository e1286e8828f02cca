"""Write an answer as answer.json, and read it back."""

import json
import math
from dataclasses import asdict
from typing import Any

from pipeline.errors import UserError
from pipeline.evaluation.answer.facts import Answer
from pipeline.foreign import one_line
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import require_written

FILE = "answer.json"
_NUMBERS = ("value", "low", "high", "p", "p_holm", "smallest_p")  # keys for which null means an undefined number


def answer_json(answer: Answer) -> str:
    """Return the text of answer.json; an undefined number is null, since JSON has no NaN."""
    return json.dumps(_written(asdict(answer)), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_answer(name: str) -> Answer:
    """Read the answer that `evaluate` wrote for a corpus.

    Raises
    ------
    UserError
        If the file is missing, was edited or is damaged.
    """
    from pydantic import TypeAdapter, ValidationError

    path, command = CorpusPaths(name).results / FILE, f"run `crossmodal evaluate --corpus {name}`"
    if not path.exists():
        raise UserError(f"{path} does not exist: {command} first")
    require_written(path)
    try:
        return TypeAdapter(Answer).validate_python(_read(json.loads(path.read_text(encoding="utf-8"))))
    except (ValueError, ValidationError) as error:
        raise UserError(f"{path} is damaged ({one_line(error)}): {command} again") from error


def _written(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _written(cell) for key, cell in found.items()}
    if isinstance(found, list | tuple):
        return [_written(cell) for cell in found]
    return None if isinstance(found, float) and not math.isfinite(found) else found


def _read(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: math.nan if key in _NUMBERS and cell is None else _read(cell) for key, cell in found.items()}
    return [_read(cell) for cell in found] if isinstance(found, list) else found
