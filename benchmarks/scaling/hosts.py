"""Compare `crossmodal preprocess` and `extract` on one and on two hosts, with one worker on each host.

The hosts are network namespaces of this machine. They share processors and disk, so this measures the cost of the
scheduler, the network protocol and the division of the work, but not the cost of a network file system.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.recorded.ratios import Ratio
from benchmarks.scaling.namespaces import ADDRESSES, Hosts, missing
from benchmarks.tools.corpus import BenchCorpus
from benchmarks.tools.recordings import ABSENT, ROOT, grid, multiplied
from benchmarks.tools.table import table
from benchmarks.tools.watch import environment, watch
from pipeline.run.pool.cluster import MALLOC, QUIET

SCHEDULER = f"tcp://{ADDRESSES[0]}:8786"
COMMANDS = ("preprocess", "extract")
START_CLIPS = 2
TARGET = 1.85
_START_S = 60


def run(clips: int, rounds: int) -> Iterator[str | Ratio]:
    """Yield the paragraphs of the report, and the ratio of the wall times on two hosts and on one, without start-up."""
    yield "## One and two hosts"
    recordings = grid(clips)
    if not recordings:
        yield ABSENT.format("grid")
        return
    if why := missing():
        yield f"Skipped: network namespaces cannot be made on this machine ({why})."
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        whole = BenchCorpus(
            folder / "all", multiplied(recordings, clips, folder / "copies"), ("text", "audio", "video")
        )
        start = BenchCorpus(folder / "start", recordings[:START_CLIPS], ("text", "audio", "video"))
        found: dict[int, list[list[float]]] = {1: [], 2: []}
        for _ in range(rounds):
            for count in found:
                found[count].append(_beyond_start_up(count, whole, start, clips))
    one, two = ([median(column) for column in zip(*found[count], strict=True)] for count in (1, 2))
    rows = [(c, a, b, a / b) for c, a, b in zip((*COMMANDS, "both"), (*one, sum(one)), (*two, sum(two)), strict=True)]
    yield f"{clips} GRID clips, all streams and default extractors, one worker per host, median over rounds ({rounds})."
    yield table(["beyond start-up", "1 host, s", "2 hosts, s", "speed-up"], rows)
    yield f"Target: {TARGET}. Workers have loaded their models before; the time for {START_CLIPS} clips is subtracted."
    yield Ratio("hosts", "grid: preprocess and extract, 2 hosts / 1", sum(two) / sum(one))


def _beyond_start_up(count: int, whole: BenchCorpus, start: BenchCorpus, clips: int) -> list[float]:
    """Return the wall time without start-up of each command in `COMMANDS`, in seconds.

    The time for the `START_CLIPS` clips of `start` is subtracted from the time for the clips of `whole`; the difference
    is scaled to all clips.
    """
    with _cluster(count, whole.folder) as hosts:
        _timed(hosts, start)
        small_s, large_s = _timed(hosts, start), _timed(hosts, whole)
    return [(all_s - few_s) * clips / (clips - START_CLIPS) for all_s, few_s in zip(large_s, small_s, strict=True)]


def _timed(hosts: Hosts, corpus: BenchCorpus) -> list[float]:
    corpus.forget()
    program = (*hosts.on(0), sys.executable, str(ROOT / "cli.py"))
    return [watch([*program, command, "--scheduler", SCHEDULER], corpus.folder).wall_s for command in COMMANDS]


@contextmanager
def _cluster(count: int, folder: Path) -> Iterator[Hosts]:
    """Yield two hosts, with a scheduler on the first one and a worker on each of the first `count` hosts."""
    log = folder / "cluster.txt"
    with ExitStack() as ending:
        hosts = ending.enter_context(Hosts())
        output = ending.enter_context(log.open("w"))

        def start(host: int, *command: str) -> None:
            quiet = {f"DASK_{name.upper().replace('.', '__').replace('-', '_')}": one for name, one in QUIET.items()}
            more = {name: str(value) for name, value in (MALLOC | quiet).items()}
            env = {**environment(), **more, "OMP_NUM_THREADS": "1"}
            whole: Sequence[str] = [*hosts.on(host), sys.executable, "-m", "dask", *command, "--no-dashboard"]
            process = subprocess.Popen(whole, cwd=folder, env=env, stdout=output, stderr=output)
            ending.callback(process.wait)
            ending.callback(process.kill)

        start(0, "scheduler", "--host", ADDRESSES[0])
        for host in range(count):
            start(host, "worker", SCHEDULER, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder))
        end = time.monotonic() + _START_S
        while log.read_text().count("Registered to") < count:
            if time.monotonic() > end:
                raise RuntimeError(f"the workers did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield hosts
