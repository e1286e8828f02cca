"""Write and read records of ratios, one JSON file per day and commit, and find what has become slower since."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"
LIMIT = 1.1  # a ratio that has grown by more than this factor is a slow-down


@dataclass(frozen=True)
class Ratio:
    """Our cost divided by another cost in the same run; smaller is faster.

    Attributes
    ----------
    part
        The benchmark that measured the ratio.
    name
        The two costs, as in ``ours / theirs``.
    value
        The ratio.
    """

    part: str
    name: str
    value: float

    @property
    def key(self) -> str:
        """The name of the ratio, unique among all benchmarks: ``part: name``."""
        return f"{self.part}: {self.name}"


@dataclass(frozen=True)
class Record:
    """The ratios of one run.

    Attributes
    ----------
    date
        When the run ended, in ISO 8601 and UTC.
    commit
        The commit of the code that was measured.
    machine
        The processor, the number of cores, and the load.
    libraries
        The version of each library.
    ratios
        The value of each ratio, keyed by `Ratio.key`.
    """

    date: str
    commit: str
    machine: Mapping[str, Any]
    libraries: Mapping[str, str]
    ratios: Mapping[str, float]


def write(record: Record, folder: Path = RESULTS) -> Path:
    """Write a record to a file named after its day and commit, and return its path.

    If the file exists already, its ratios that `record` does not have are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.date[:10]}-{record.commit}.json"
    kept = json.loads(path.read_text(encoding="utf-8"))["ratios"] if path.exists() else {}
    whole = {**vars(record), "ratios": {**kept, **record.ratios}}
    path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return path


def read(folder: Path = RESULTS) -> list[Record]:
    """Return all records, the oldest first."""
    found = [Record(**json.loads(path.read_text(encoding="utf-8"))) for path in folder.glob("*.json")]
    return sorted(found, key=lambda record: (record.date, record.commit))


def last(records: Iterable[Record], parts: Sequence[str]) -> dict[str, tuple[float, Record]]:
    """Return the last ratios of each benchmark in `parts`, each with its record, keyed by `Ratio.key`.

    `records` must be sorted, the oldest first.
    """
    found: dict[str, dict[str, tuple[float, Record]]] = {}
    for record in records:
        for part in parts:
            of_part = {k: (value, record) for k, value in record.ratios.items() if k.startswith(f"{part}: ")}
            if of_part:
                found[part] = of_part
    return {key: value for of_part in found.values() for key, value in of_part.items()}


def fastest(runs: Iterable[Ratio]) -> dict[str, Ratio]:
    """Return the smallest ratio for each key, since disturbances only make a measurement slower."""
    best: dict[str, Ratio] = {}
    for ratio in runs:
        if ratio.key not in best or ratio.value < best[ratio.key].value:
            best[ratio.key] = ratio
    return best


def slower(measured: Mapping[str, Ratio], before: Mapping[str, tuple[float, Record]]) -> dict[str, str]:
    """Return a sentence for each earlier ratio that grew by more than the factor `LIMIT`, or was not measured again.

    The sentences are keyed by `Ratio.key`.
    """
    found = {}
    for key, (old, record) in before.items():
        since = f"at {record.commit} ({record.date[:10]})"
        if key not in measured:
            found[key] = f"{key}: not measured; it was {old:.3g} {since}"
        elif measured[key].value > LIMIT * old:
            new = measured[key].value
            found[key] = f"{key}: {new:.3g}, {100 * (new / old - 1):.0f} % more than {old:.3g} {since}"
    return found
