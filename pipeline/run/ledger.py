"""Read and write failures.csv: what failed, in which stage and step, why, and after how many attempts."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from common.atomic import replacing
from pipeline.errors import UserError, refuse_pipe
from pipeline.foreign import printable
from pipeline.run.locks import locked
from pipeline.tables.csv_cells import marked, restored


@dataclass(frozen=True)
class Failure:
    """One clip that failed in one step."""

    utterance: str
    stage: str
    step: str
    error: str
    message: str
    attempts: int = 1


_COLUMNS = [field.name for field in fields(Failure)]


def read_failures(path: Path) -> list[Failure]:
    """Return the rows of a failures.csv, none if it does not exist; raise `UserError` if it is another kind of file."""
    refuse_pipe(path)
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [{k: restored(v) for k, v in row.items()} for row in csv.DictReader(file)]
        return [Failure(**{**row, "attempts": int(row["attempts"])}) for row in rows]  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError, csv.Error):
        raise UserError(
            f"{path} is not a list of failures that a stage wrote: move it away, and the stages write a new one"
        ) from None


def record(path: Path, stage: str, step: str, failures: Sequence[Failure]) -> None:
    """Replace the rows of one stage and step with its current failures; each counts one attempt more than before."""
    with locked(path.with_name(f".{path.name}.lock"), f"is writing {path}"):
        rows = read_failures(path)
        before = {row.utterance: row.attempts for row in rows if (row.stage, row.step) == (stage, step)}
        kept = [row for row in rows if (row.stage, row.step) != (stage, step)]
        new = [Failure(**{**asdict(f), "attempts": before.get(f.utterance, 0) + 1}) for f in failures]
        _write(path, sorted(kept + new, key=lambda row: (row.stage, row.step, row.utterance)))


def _write(path: Path, rows: Sequence[Failure]) -> None:
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: marked(printable(str(v))) for k, v in asdict(row).items()} for row in rows)
