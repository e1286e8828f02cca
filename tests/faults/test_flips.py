"""One bit flipped in a file of any kind: noticed, or without effect, but never silently used.

The file is damaged in a copy of a folder in which all stages have run, and what was made of it is taken away, so that
it has to be read. Then the stages that come next run. What they leave is compared with what they leave undisturbed. At
the end the file is as it was again (in the short form where a cache could keep what was made of the damaged one), all
stages run, and nothing of it may have stayed.
"""

import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import h5py
import pytest

from tests.faults import world
from tests.faults.world import CACHE, MODEL, PREDICT, RESULTS, STAGES, WORK, Command

FIT = STAGES[-1]
ALL = (*STAGES, PREDICT)
FEATURES = ("vader", "prosody", "mfcc")
RESULT = (str(RESULTS), "answer.csv")
FITTED = (*RESULT, str(CACHE / "fits"))
MEASURED = (*(str(WORK / "features" / f"{n}.h5") for n in FEATURES), *(str(CACHE / n) for n in FEATURES), *FITTED)
STREAMED = (str(WORK / "streams"), *MEASURED)


@dataclass(frozen=True)
class Kind:
    """Which files, what is taken away so that they are read, and which commands come next."""

    files: tuple[str, ...]
    gone: tuple[str, ...]
    commands: tuple[Command, ...]


KINDS = {
    "recordings": Kind(("clips/*.wav",), (), ALL),
    "manifest": Kind(("clips/manifest.csv", "clips/words.csv"), (), ALL),
    "utterances": Kind((f"{WORK}/utterances.csv",), (*STREAMED, f"{CACHE}/audio"), ALL[1:]),
    "words": Kind((f"{WORK}/words.csv",), (*STREAMED, f"{CACHE}/audio"), ALL[1:]),
    "cache of streams": Kind((f"{CACHE}/audio/**/*.clip",), STREAMED, ALL[1:]),
    "streams": Kind((f"{WORK}/streams/text.h5", f"{WORK}/streams/audio.h5"), MEASURED, ALL[2:]),
    "cache of features": Kind(
        (f"{CACHE}/prosody/**/*.clip", f"{CACHE}/mfcc/**/*.clip"),  # vader is light
        (*(str(WORK / "features" / f"{n}.h5") for n in FEATURES), *FITTED),
        ALL[2:],
    ),
    "features": Kind(tuple(f"{WORK}/features/{n}.h5" for n in FEATURES), FITTED, ALL[3:]),
    "features, extract first": Kind(tuple(f"{WORK}/features/{n}.h5" for n in FEATURES), FITTED, ALL[2:]),
    "imported features": Kind((f"{WORK}/features/mine.h5",), FITTED, ALL[3:]),
    "cache of fits": Kind((f"{CACHE}/fits/**/*",), RESULT, ALL[3:]),
    "hashes": Kind((f"{CACHE}/hashes.json",), (*STREAMED, f"{CACHE}/audio"), ALL),
    "predictions": Kind((f"{RESULTS}/predictions.csv",), (), (*ALL[4:6], PREDICT)),
    "what goes with them": Kind(
        tuple(f"{RESULTS}/{n}.csv" for n in ("dropped", "presence", "parameters", "attention")),
        (),
        (*ALL[4:6], PREDICT),
    ),
    "train.json": Kind((f"{RESULTS}/train.json",), (), (*ALL[4:6], PREDICT)),
    "tables": Kind(
        (f"{RESULTS}/table.csv", f"{RESULTS}/comparisons.csv", f"{RESULTS}/robustness.csv"), (), (("report",),)
    ),
    "failures": Kind((f"{WORK}/failures.csv",), FITTED, ALL[1:]),
    "models": Kind((f"{MODEL}/*",), ("answer.csv",), (PREDICT,)),
}
KEPT_BELOW = ("streams", "cache of streams", "features", "cache of fits")  # whose damage could stay in a cache
COUNTS: Counter[tuple[str, str]] = Counter()


def files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return sorted(
        path for pattern in patterns for path in folder.glob(pattern) if path.is_file() and path.stat().st_size
    )


def place(path: Path, random: object) -> int:
    """Return where to flip: anywhere, and in every other store within the numbers that training reads."""
    if path.suffix == ".h5" and random.random() < 0.5:  # type: ignore[attr-defined]
        with h5py.File(path) as file:
            parts = [p for n in ("pooled", "values") if n in file for p in chunks(file[n])]
        start, size = random.choice(parts)  # type: ignore[attr-defined]
        return int(start + random.randrange(size))  # type: ignore[attr-defined]
    return int(random.randrange(path.stat().st_size))  # type: ignore[attr-defined]


def chunks(dataset: h5py.Dataset) -> list[tuple[int, int]]:
    if dataset.chunks is None:
        return [(dataset.id.get_offset(), dataset.id.get_storage_size())] if dataset.size else []
    infos = [dataset.id.get_chunk_info(i) for i in range(dataset.id.get_num_chunks())]
    return [(info.byte_offset, info.size) for info in infos]


def judged(template: Path, folder: Path, kind: Kind, path: Path) -> tuple[str, str]:
    """Run what comes next; return what became of the damage, and why that is known."""
    for name in kind.gone:
        gone = folder / name
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink(missing_ok=True)
    wanted = world.final(template)
    if path.is_relative_to(
        folder / "clips"
    ):  # another recording is another corpus: it gives what it gives from scratch
        wanted = from_scratch(folder)
    done = world.run(folder, *kind.commands)
    if done.fault:
        return done.fault, done.output[-2000:]
    found = world.final(folder)
    if done.code:
        return "noticed", done.output.strip().splitlines()[-1]
    named = path.name in done.output or "changed" in done.output
    different = [name for name in found if name not in kind.gone and found[name] != wanted.get(name)]
    damaged = str(path.relative_to(folder))
    if different := [name for name in different if name != damaged]:
        return "silently used" if not named else "noticed", f"{different}: {done.output[-1500:]}"
    return ("noticed" if named or healed(template, folder, path) else "without effect"), done.output[-300:]


def healed(template: Path, folder: Path, path: Path) -> bool:
    return path.exists() and path.read_bytes() == (template / path.relative_to(folder)).read_bytes()


def from_scratch(folder: Path) -> dict[str, bytes]:
    other = world.copied(folder, folder.with_name(folder.name + "-scratch"))
    for name in ("data", "results"):
        shutil.rmtree(other / name)
    world.settings(other)
    done = world.run(other, STAGES[0], world.IMPORT, *STAGES[1:], PREDICT)
    found = world.final(other)
    shutil.rmtree(other)
    return {} if done.code else found


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("number", range(world.rounds(1, 4)))
def test_a_flipped_bit_is_never_silently_used(template: Path, tmp_path: Path, name: str, number: int) -> None:
    kind, random = KINDS[name], world.randomly("flip", name, number)
    folder = world.copied(template, tmp_path / "f")
    path = random.choice(files(folder, kind.files))
    whole = path.read_bytes()
    at, bit = place(path, random), random.randrange(8)
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
    seen = world.run(folder, ("status", "--verify"))
    assert not seen.fault, seen.output
    COUNTS[name, "seen by status --verify"] += bool(seen.code)
    verdict, why = judged(template, folder, kind, path)
    COUNTS[name, verdict] += 1
    where = f"bit {bit} of byte {at} of {path.relative_to(folder)}"
    assert verdict in ("noticed", "without effect"), f"{where}: {verdict}: {why}"
    if not (world.LONG or name in KEPT_BELOW):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(whole)
    done = world.run(folder, *ALL)
    assert done.code == 0, f"{where}: after it was mended: {done.output[-2000:]}"
    assert world.final(folder) == world.final(template), f"{where}: something made of it stayed"


def test_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{'flipped bits in':26}" + "".join(f"{verdict:>{len(verdict) + 3}}" for verdict in VERDICTS)]
    for name in (*KINDS, "all"):
        kinds = list(KINDS) if name == "all" else [name]
        counts = {verdict: sum(COUNTS[kind, verdict] for kind in kinds) for verdict in VERDICTS}
        lines.append(f"{name:26}" + "".join(f"{count:>{len(verdict) + 3}}" for verdict, count in counts.items()))
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert counts["silently used"] == 0


VERDICTS = ("noticed", "without effect", "silently used", "seen by status --verify")
