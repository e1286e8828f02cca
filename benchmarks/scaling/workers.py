"""Compare `crossmodal preprocess` and `extract` with one and with two workers: speed-up, start-up and memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.recorded.ratios import Ratio
from benchmarks.tools.corpus import BenchCorpus
from benchmarks.tools.recordings import ABSENT, SETS, Recording, multiplied
from benchmarks.tools.table import table
from benchmarks.tools.timing import Cost, median_cost
from benchmarks.tools.watch import Watched

MODALITIES = ("text", "audio", "video")
COMMANDS = ("preprocess", "extract")
WORKERS = (1, 2)
START_CLIPS = 6  # clips that measure start-up: more than copies of the main process compute without any worker
TARGET = 1.8
MOST_OTHERS = 0.1  # maximum number of cores that other programs may keep busy


@dataclass(frozen=True)
class Timed:
    """What two runs of a command used: `all` on all clips, and `start` on `START_CLIPS` clips, to measure start-up."""

    command: str
    workers: int
    clips: int
    all: Watched
    start: Watched

    @property
    def work(self) -> Cost:
        """The time beyond start-up, scaled to all clips."""
        beyond = Cost(self.all.cpu_s, self.all.wall_s) - Cost(self.start.cpu_s, self.start.wall_s)
        share = self.clips / (self.clips - START_CLIPS)
        return Cost(beyond.cpu_s * share, beyond.wall_s * share)


def run(sets: Sequence[str], rounds: int, clips: dict[str, int]) -> Iterator[str | Ratio]:
    """Yield the report's paragraphs and ratios on each set of clips."""
    yield "## One and two workers"
    for name in sets:
        recordings = SETS[name](clips[name])
        if not recordings:
            yield ABSENT.format(name)
            continue
        with TemporaryDirectory() as folder:
            yield from _report(name, multiplied(recordings, clips[name], Path(folder) / "copies"), Path(folder), rounds)


def _report(name: str, recordings: Sequence[Recording], folder: Path, rounds: int) -> list[str | Ratio]:
    whole = BenchCorpus(folder / "all", recordings, MODALITIES)
    start = BenchCorpus(folder / "start", recordings[:START_CLIPS], MODALITIES)
    timed: list[Timed] = []
    for _ in range(rounds):
        for workers in WORKERS:
            timed += _timed(whole, start, workers, len(recordings))
    unchanged = [whole.preprocess(2), whole.extract(2)]
    heading = f"### {name}: {len(recordings)} clips through the commands, all streams and default extractors"
    ratio = Ratio(
        "workers",
        f"{name}: preprocess and extract, 2 workers / 1",
        _work(timed, 2, COMMANDS).wall_s / _work(timed, 1, COMMANDS).wall_s,
    )
    return [heading, _costs(timed), _speed_up(timed), _unchanged(unchanged), ratio]


def _timed(whole: BenchCorpus, start: BenchCorpus, workers: int, clips: int) -> list[Timed]:
    start.forget()
    whole.forget()
    small = {"preprocess": start.preprocess(workers), "extract": start.extract(workers)}
    large = {"preprocess": whole.preprocess(workers), "extract": whole.extract(workers)}
    return [Timed(command, workers, clips, large[command], small[command]) for command in COMMANDS]


def _costs(timed: Sequence[Timed]) -> str:
    header = ["command", "workers", "clips", "wall s", "CPU s", "head MB", "largest worker MB", "others, cores"]
    runs = [(t, clips, run) for t in timed for clips, run in ((START_CLIPS, t.start), (t.clips, t.all))]
    rows = [
        (t.command, t.workers, clips, run.wall_s, run.cpu_s, run.head_mb, run.worker_mb, run.others)
        for t, clips, run in runs
    ]
    return table(header, rows)


def _work(timed: Sequence[Timed], workers: int, commands: Sequence[str]) -> Cost:
    found = [[t.work for t in timed if (t.command, t.workers) == (c, workers)] for c in commands]
    return sum((median_cost(costs) for costs in found), Cost())


def _speed_up(timed: Sequence[Timed]) -> str:
    rows = []
    for way in (*((command,) for command in COMMANDS), COMMANDS):
        one, two = (_work(timed, workers, way) for workers in WORKERS)
        rows.append((" and ".join(way), one.wall_s, two.wall_s, one.wall_s / two.wall_s, one.cpu_s, two.cpu_s))
    header = ["beyond start-up", "1 worker, s", "2 workers, s", "speed-up", "1 worker, CPU s", "2 workers, CPU s"]
    disturbed = max(run.others for t in timed for run in (t.start, t.all)) > MOST_OTHERS
    warning = "**Other programs kept this machine busy: the speed-up above means nothing.** " if disturbed else ""
    return (
        f"{table(header, rows)}\n\n{warning}Target: {TARGET} beyond start-up. Start-up is the wall time of the same "
        f"command on {START_CLIPS} clips. `others`: cores kept busy by other programs during the run; the processor "
        "time beyond start-up grows with the number of workers only if the workers slow each other down."
    )


def _unchanged(runs: Sequence[Watched]) -> str:
    preprocess, extract = runs
    return (
        f"With nothing left to compute: preprocess {preprocess.wall_s:.1f} s, extract {extract.wall_s:.1f} s "
        "(cache read and checked, stores rewritten)."
    )
