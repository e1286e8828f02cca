"""Recorded ratios: which record counts, what is a slow-down, what is measured again, what is drawn."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from benchmarks import run as module
from benchmarks.recorded import measured, plot
from benchmarks.recorded.ratios import RESULTS, Ratio, Record, fastest, last, read, slower, write

OLD = {"parts: grid: all steps / bare parts": 1.2, "opensmile: extract / audinterface on the files": 0.8}
NEW = {"parts: grid: all steps / bare parts": 1.0, "parts: grid: audio / bare parts": 2.0}


def record(folder: Path, date: str, commit: str, ratios: dict[str, float]) -> None:
    """Write a record by hand, in the form that docs/speed.md promises."""
    content = {"date": f"{date}T10:00:00+00:00", "commit": commit, "machine": {}, "libraries": {}, "ratios": ratios}
    (folder / f"{date}-{commit}.json").write_text(json.dumps(content))


@pytest.fixture
def records(tmp_path: Path) -> Path:
    record(tmp_path, "2026-11-20", "aaaaaaa", OLD)
    record(tmp_path, "2026-11-25", "bbbbbbb", NEW)
    return tmp_path


def measured_as(values: dict[str, float]) -> dict[str, Ratio]:
    return fastest(Ratio(*key.split(": ", 1), value) for key, value in values.items())


def test_each_benchmark_is_compared_with_its_last_record(records: Path) -> None:
    found = last(read(records), ["parts", "opensmile", "workers"])
    assert {key: value for key, (value, _) in found.items()} == {
        **NEW,
        **{k: v for k, v in OLD.items() if "smile" in k},
    }
    assert found["opensmile: extract / audinterface on the files"][1].commit == "aaaaaaa"
    assert set(last(read(records), ["opensmile"])) == {"opensmile: extract / audinterface on the files"}


def test_a_ratio_that_grew_by_more_than_a_tenth_is_named_with_both_values(records: Path) -> None:
    before = last(read(records), ["parts"])
    assert slower(measured_as({**NEW, "parts: grid: audio / bare parts": 2.2}), before) == {}
    assert slower(measured_as({**NEW, "parts: grid: audio / bare parts": 0.5}), before) == {}
    (sentence,) = slower(measured_as({**NEW, "parts: grid: audio / bare parts": 2.25}), before).values()
    assert sentence == "parts: grid: audio / bare parts: 2.25, 12 % more than 2 at bbbbbbb (2026-11-25)"
    (sentence,) = slower(measured_as({"parts: grid: all steps / bare parts": 1.0}), before).values()
    assert sentence == "parts: grid: audio / bare parts: not measured; it was 2 at bbbbbbb (2026-11-25)"


def checked(records: Path, monkeypatch: pytest.MonkeyPatch, rounds: Sequence[dict[str, float]]) -> tuple[Result, list]:
    """Run `--check parts` with a benchmark that measures these ratios, one dictionary each time it is run."""
    left, asked = list(rounds), []

    def reports(parts: Sequence[str], sets: object, **how: object) -> Iterator[str | Ratio]:
        asked.append(list(parts))
        yield "## Parts"
        yield from measured_as(left.pop(0)).values()

    monkeypatch.setattr(module, "_reports", reports)
    monkeypatch.setattr(module, "read", lambda: read(records))
    return CliRunner().invoke(module.main, ["--check", "parts"]), asked


def test_what_seems_slower_is_measured_again_and_the_faster_value_counts(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = {**NEW, "parts: grid: audio / bare parts": 2.5}
    found, asked = checked(records, monkeypatch, [NEW])
    assert (found.exit_code, asked) == (0, [["parts"]])
    found, asked = checked(records, monkeypatch, [slow, NEW])
    assert (found.exit_code, asked) == (0, [["parts"], ["parts"]])
    found, asked = checked(records, monkeypatch, [slow, {**slow, "parts: grid: all steps / bare parts": 1.3}])
    assert found.exit_code == 1
    assert "grid: audio / bare parts: 2.5, 25 % more than 2 at bbbbbbb" in found.output.split("Error")[-1]
    assert "all steps" not in found.output.split("Error")[-1]


def test_a_run_of_fewer_clips_is_neither_recorded_nor_compared() -> None:
    for option in ("--quick", "grid"):
        for kind in ("--record", "--check"):
            found = CliRunner().invoke(module.main, [kind, option])
            assert found.exit_code == 2, found.output
            assert "need all clips" in found.output


def test_a_busy_machine_is_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (1.5, 0.0, 0.0))
    with pytest.raises(click.ClickException, match=r"load of this machine is 1\.5"):
        measured.require_idle()


def test_a_record_is_written_as_json_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ratios = [Ratio("parts", "grid: all steps / bare parts", 1.21), Ratio("parts", "grid: all steps / bare parts", 1.1)]
    monkeypatch.setattr(measured, "require_idle", lambda: None)
    monkeypatch.setattr(measured, "commit", lambda: "ccccccc")
    monkeypatch.setattr(module, "_reports", lambda *_, **__: iter(ratios))
    monkeypatch.setattr(module, "read", lambda: read(tmp_path))
    monkeypatch.setattr(module, "write", lambda record: write(record, tmp_path))
    monkeypatch.setattr(plot, "PICTURE", tmp_path / "ratios.svg")
    found = CliRunner().invoke(module.main, ["--record", "parts"])
    assert found.exit_code == 0, found.output
    (path,) = tmp_path.glob("*.json")
    assert path.name.endswith("-ccccccc.json")
    written = json.loads(path.read_text())
    assert written["ratios"] == {"parts: grid: all steps / bare parts": 1.1}
    assert written["machine"]["cores"] >= 1
    picture = (tmp_path / "ratios.svg").read_text()
    assert "processor time" in picture
    assert "grid: all steps / bare parts" in picture


def test_benchmarks_recorded_one_after_the_other_share_the_file_of_their_commit(tmp_path: Path) -> None:
    for ratios in ({"parts: a": 1.0, "hosts: b": 0.6}, {"parts: a": 0.9}):
        path = write(Record("2026-11-27T01:20:00+00:00", "ddddddd", {}, {}, ratios), tmp_path)
    assert read(tmp_path) == [
        Record("2026-11-27T01:20:00+00:00", "ddddddd", {}, {}, {"parts: a": 0.9, "hosts: b": 0.6})
    ]
    assert path.name == "2026-11-27-ddddddd.json"


def test_the_records_of_this_project_can_be_read() -> None:
    found = read(RESULTS)
    assert found
    assert all(value > 0 for record in found for value in record.ratios.values())
