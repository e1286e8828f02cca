"""Compare crossmodal with MMSA-FET on the same features.

These are the face mesh at 5 frames per second, eGeMAPS functionals and sentence vectors. Each program runs with one
worker. What is measured is the processor time of all its processes, without start-up. MMSA-FET decodes to BMP and WAV
files with ffmpeg, searches whole pictures for a face, and keeps everything in memory until it writes a pickle. Our
commands also filter, trim and level the sound, detect and crop faces, and write streams, cache and stores.
"""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.peers.fet_process import FOLDER
from benchmarks.recorded.ratios import Ratio
from benchmarks.tools.corpus import BenchCorpus, write_table
from benchmarks.tools.recordings import ABSENT, SETS, Recording, multiplied
from benchmarks.tools.table import table
from benchmarks.tools.watch import watch

EXTRACTORS = ("bert", "egemaps", "landmarks")
START_CLIPS = 6  # clips that measure start-up: more than copies of the main process compute without any worker
COLUMNS = ("video_id", "clip_id", "text", "label", "label_T", "label_A", "label_V", "annotation", "mode")


def run(sets: Sequence[str], rounds: int, clips: dict[str, int]) -> Iterator[str | Ratio]:
    """Yield the report's paragraphs and ratios on each set of clips."""
    yield "## Against MMSA-FET"
    for name in sets:
        recordings = SETS[name](clips[name])
        if not recordings:
            yield ABSENT.format(name)
        elif not (FOLDER / "MSA_FET").is_dir():
            yield "Skipped: MMSA-FET is not installed (`make mmsa-fet`)."
        else:
            with TemporaryDirectory() as folder:
                everything = multiplied(recordings, clips[name], Path(folder) / "copies")
                yield from _report(name, everything, Path(folder), rounds)


def _report(name: str, recordings: Sequence[Recording], folder: Path, rounds: int) -> Iterator[str | Ratio]:
    def each(cost_s: Callable[[Sequence[Recording], Path], float]) -> float:
        """Return the processor time per clip without start-up, in seconds: the median of all rounds.

        `cost_s` runs one program on recordings in a folder, and returns the processor time of the run.
        """
        found = []
        for i in range(rounds):
            start_s = cost_s(recordings[:START_CLIPS], folder / f"{cost_s.__name__}-start-{i}")
            all_s = cost_s(recordings, folder / f"{cost_s.__name__}-{i}")
            found.append((all_s - start_s) / (len(recordings) - START_CLIPS))
        return median(found)

    ours_s, theirs_s = each(_ours_s), each(_theirs_s)
    yield f"### {name}: {len(recordings)} clips, one worker each, start-up subtracted"
    yield table(["", "CPU ms per clip"], [["crossmodal", 1000 * ours_s], ["MMSA-FET", 1000 * theirs_s]])
    yield Ratio("mmsa-fet", f"{name}: preprocess and extract / MMSA-FET", ours_s / theirs_s)


def _ours_s(recordings: Sequence[Recording], folder: Path) -> float:
    corpus = BenchCorpus(folder, recordings, ("text", "audio", "video"))
    return corpus.preprocess(1).cpu_s + corpus.extract(1, *EXTRACTORS).cpu_s


def _theirs_s(recordings: Sequence[Recording], folder: Path) -> float:
    rows = []
    for recording in recordings:
        clip = folder / "Raw" / recording.name / "1.mp4"  # MMSA-FET looks only for this name; ffmpeg detects the format
        clip.parent.mkdir(parents=True)
        clip.symlink_to(recording.path.resolve())
        rows.append((recording.name, 1, recording.text, 0, "", "", "", "Neutral", "train"))
    write_table(folder / "label.csv", COLUMNS, rows)
    cost = watch([sys.executable, "-m", "benchmarks.peers.fet_process", str(folder)], folder)
    shutil.rmtree(folder)
    return cost.cpu_s
