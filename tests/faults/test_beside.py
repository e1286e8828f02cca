"""What runs beside a run: other settings, a second writer. Nothing wrong is kept, and nobody breaks anybody."""

import time
from pathlib import Path

import pytest

from tests.faults import world
from tests.faults.world import HERE, PREDICT, STAGES, Command, Running

OTHER: dict[str, dict[str, object]] = {"streams": {"audio": {"low_hz": 300}, "text": {"lowercase": False}}}
FEATURES: dict[str, dict[str, object]] = {"features": {"extract": ["vader", "prosody", "mfcc"], "mfcc": {"count": 20}}}
CHANGES = (
    (("extract", *HERE), OTHER, (("preprocess", *HERE),)),
    (("preprocess", *HERE), OTHER, (("preprocess", *HERE),)),
    (("train", *HERE), FEATURES, (("extract", *HERE),)),
    (("train", *HERE), OTHER, (("preprocess", *HERE), ("extract", *HERE))),
)


def without_cache(template: Path, folder: Path, *stages: str) -> Path:
    """Return a copy in which the results of these stages must be computed again."""
    import shutil

    world.copied(template, folder)
    if "preprocess" in stages:
        shutil.rmtree(folder / world.CACHE / "audio")
    for name in ("prosody", "mfcc") if "extract" in stages else ():
        shutil.rmtree(folder / world.CACHE / name)
    shutil.rmtree(folder / world.CACHE / "fits")
    return folder


def with_mine(folder: Path, **changes: dict[str, object]) -> None:
    """Write other settings; the imported features stay in use."""
    text = (folder / "params.yaml").read_text()
    world.settings(folder, **changes)
    kept = (folder / "params.yaml").read_text().replace("[vader, tfidf]", "[vader, tfidf, mine]")
    (folder / "params.yaml").write_text(kept if changes else text)


@pytest.mark.parametrize("number", range(world.rounds(2, 16)))
def test_settings_changed_beside_a_run_poison_nothing(template: Path, tmp_path: Path, number: int) -> None:
    random = world.randomly("beside", number)
    first, changes, second = CHANGES[(number + world.SEED) % len(CHANGES)]
    folder = without_cache(template, tmp_path / "f", "preprocess", "extract")
    settings = (folder / "params.yaml").read_text()
    running = Running(folder, [first])
    time.sleep(random.uniform(0, 1.5))
    with_mine(folder, **changes)
    beside = Running(folder, second)
    ends = [running.done(), beside.done()]
    assert not any(done.fault for done in ends), ends
    (folder / "params.yaml").write_text(settings)
    done = world.run(folder, *STAGES, PREDICT)
    assert done.code == 0, done.output
    assert world.final(folder) == world.final(template), ends
    assert world.stores(folder) == world.stores(template), ends


WRITERS: tuple[Command, ...] = STAGES[1:4]


@pytest.mark.parametrize("number", range(world.rounds(1, 8)))
def test_two_writers_wait_or_say_so(template: Path, tmp_path: Path, number: int) -> None:
    random = world.randomly("writers", number)
    folder = without_cache(template, tmp_path / "f", "preprocess", "extract")
    commands = random.choice([[stage] for stage in WRITERS] + [list(STAGES)])
    both = []
    for _ in range(2):
        both.append(Running(folder, commands))
        time.sleep(random.uniform(0, 0.6))
    ends = [running.done() for running in both]
    assert not any(done.fault for done in ends), ends
    assert any(done.code == 0 for done in ends), ends
    done = world.run(folder, *STAGES, PREDICT)
    assert done.code == 0, done.output
    assert world.final(folder) == world.final(template), ends
    assert world.stores(folder) == world.stores(template), ends
