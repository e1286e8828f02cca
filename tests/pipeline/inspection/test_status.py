"""status, the lists, the cache's garbage, the doctor: what they say is what there is."""

from pathlib import Path

import pytest

from tests.conftest import grid_corpus, needs_data, output_of, run


def counts() -> dict[str, list[str]]:
    lines = output_of("status").splitlines()[1:]
    rows = {}
    for line in lines:
        stage, rest = line[16:42].strip(), line[42:].split()
        rows[stage] = rest[:4]
    return rows


@needs_data
def test_status_follows_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = grid_corpus(tmp_path, 4)
    monkeypatch.chdir(folder)
    params = folder / "params.yaml"
    params.write_text(params.read_text() + "features: {extract: [vader, mfcc]}\n")
    assert "waits:" in output_of("status")
    for stage in ("prepare", "preprocess", "extract"):
        run(stage, cwd=folder)
    rows = counts()
    assert rows["prepare"][0] == "1/1"
    assert rows["preprocess video"] == ["4/4", "4", "0", "0"]
    assert rows["extract mfcc"] == ["4/4", "4", "0", "0"]
    assert rows["train"][0] == "0/1"

    params.write_text(params.read_text().replace("[vader, mfcc]", "[vader, mfcc], mfcc: {count: 13}"))
    assert counts()["extract mfcc"] == ["0/4", "0", "0", "4"]
    assert counts()["extract vader"] == ["4/4", "4", "0", "0"]
    run("extract", "--extractor", "mfcc", cwd=folder)
    assert counts()["extract mfcc"] == ["4/4", "4", "0", "0"]
    old = len(list((folder / "data" / "cache" / "mfcc").rglob("*.clip")))
    assert old == 8
    assert "4 files deleted" in output_of("cache", "gc", "--yes")
    assert counts()["extract mfcc"] == ["4/4", "4", "0", "0"]
    (folder / "data" / "work" / "grid" / "streams" / "audio.h5").unlink()
    assert "waits:" in output_of("status")


@needs_data
def test_lists_and_stores_describe_themselves(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 4)
    listed = run("features", "list", cwd=folder).stdout
    assert "eGeMAPSv02" in listed
    assert "face_cnn" in listed
    run("prepare", cwd=folder)
    run("preprocess", "--modality", "audio", cwd=folder)
    shown = run("features", "show", "data/work/grid/streams/audio.h5", cwd=folder).stdout
    assert "4 (4 ok)" in shown
    assert '"level_db": -23.0' in shown
    assert "rate_hz: 16000" in shown


def test_the_doctor_finds_this_machine_well(tmp_path: Path) -> None:
    said = run("doctor", cwd=tmp_path).stdout
    assert "NOT OK" not in said
    for name in ("Python", "torch", "libGL", "weights of face_cnn", "59534287fdfb125e", "Dask", "write data/cache"):
        assert name in said


def test_the_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file in the way")
    done = run("doctor", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert any(line.startswith("NOT OK") and "write results" in line for line in done.stdout.splitlines())


@pytest.mark.parametrize("module", ["mediapipe", "torch"])
def test_a_missing_package_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    from pipeline.inspection import doctor

    def missing(name: str) -> str:
        if name == module:
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(doctor, "version", missing)
    found = {check.name: check for check in map(doctor._package, doctor.PACKAGES)}
    assert not found[module].ok
    assert "make setup" in found[module].detail
