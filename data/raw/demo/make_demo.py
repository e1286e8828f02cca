"""Make the demo corpus: drawn heads that speak synthetic sentences, their labels and their word times.

It writes ``clips/<utterance>.mp4``, ``manifest.csv`` and ``words.csv``. A clip is the same whichever other clips are
made and however many processes make them. requirements-demo.txt must be installed.
"""

import argparse
import csv
import importlib.util
import multiprocessing
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from plan import SEED, Clip, plan_corpus

MANIFEST_COLUMNS = ("media", "utterance", "text", "speaker", "group", "order", "score", "sentiment")
WORDS_COLUMNS = ("utterance", "word", "start", "end")

WordRow = tuple[str, str, float, float]


def make_clip(clip: Clip, out: Path) -> list[WordRow]:
    """Make one clip and write its file. Call it once per process, because espeak-ng keeps state between sentences.

    Parameters
    ----------
    clip : Clip
        The clip to make.
    out : Path
        The corpus folder, which has a folder ``clips``.

    Returns
    -------
    list of tuple
        The clip's rows for words.csv.
    """
    import cv2
    from expression import perform
    from face import PICTURE_SIDE, draw_head
    from movie import write_movie
    from voice import FRAME_SAMPLES, RATE_HZ, speak

    cv2.setNumThreads(1)
    samples, words = speak(clip)
    gain = float(clip.rng("light").normal(1, 0.05))
    frames = (draw_head(clip.speaker, face, pose, gain) for face, pose in perform(clip, samples, FRAME_SAMPLES))
    write_movie(out / media_path(clip), frames, samples, side=PICTURE_SIDE, rate_hz=RATE_HZ)
    return [(clip.utterance, word.word, word.start, word.end) for word in words]


def make_corpus(clips: Sequence[Clip], out: Path, processes: int) -> None:
    """Make clips in parallel, then write both tables.

    Parameters
    ----------
    clips : sequence of Clip
        The clips to make; the tables list these and no others.
    out : Path
        Folder to write into.
    processes : int
        Number of clips made at a time.
    """
    (out / "clips").mkdir(parents=True, exist_ok=True)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"  # read by the workers: threads within a clip only get in each other's way
    spawn = multiprocessing.get_context("spawn")
    words: list[WordRow] = []
    with ProcessPoolExecutor(processes, mp_context=spawn, max_tasks_per_child=1) as pool:
        for done, rows in enumerate(pool.map(make_clip, clips, [out] * len(clips)), start=1):
            words.extend(rows)
            print(f"\r{done} of {len(clips)} clips", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    write_table(out / "words.csv", WORDS_COLUMNS, words)
    write_table(out / "manifest.csv", MANIFEST_COLUMNS, map(manifest_row, clips))


def media_path(clip: Clip) -> str:
    """Return the path of a clip's file, relative to the corpus folder."""
    return f"clips/{clip.utterance}.mp4"


def manifest_row(clip: Clip) -> tuple[str | int | float, ...]:
    """Return a clip's row, in the order of `MANIFEST_COLUMNS`."""
    name = clip.speaker.name
    return media_path(clip), clip.utterance, clip.text, name, name, clip.order, clip.score, clip.sentiment


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file under a temporary name, then rename it to `path`."""
    partial = path.with_name(f".{path.name}.part")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    partial.replace(path)


def choose(clips: Sequence[Clip], names: Sequence[str] | None) -> list[Clip]:
    """Return the named clips, or all clips if no name is given.

    Raises
    ------
    SystemExit
        If a name is unknown.
    """
    if not names:
        return list(clips)
    unknown = sorted(set(names) - {clip.utterance for clip in clips})
    if unknown:
        raise SystemExit(f"no such utterance: {', '.join(unknown)} (names run from {clips[0].utterance} to "
                         f"{clips[-1].utterance})")  # fmt: skip
    return [clip for clip in clips if clip.utterance in names]


def main() -> None:
    """Read the command line and make the corpus."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(
        description="Make the demo corpus. Example: python data/raw/demo/make_demo.py --out trial --only ana-01 ben-03"
    )
    parser.add_argument("--out", type=Path, help=f"folder to write into (default: {here})")
    parser.add_argument("--only", nargs="+", metavar="UTTERANCE", help="make only these clips; needs --out")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of another corpus of the same design; needs --out")
    parser.add_argument("--processes", type=int, default=2, help="clips made at a time (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.only and arguments.out is None:
        parser.error("--only needs --out, because the tables list only the clips that are made")
    if arguments.seed != SEED and arguments.out is None:
        parser.error("--seed needs --out, because the committed corpus keeps its own seed")
    if importlib.util.find_spec("espeakng_loader") is None:
        parser.error("espeakng_loader is not installed: pip install -r requirements-demo.txt")
    clips = choose(plan_corpus(arguments.seed), arguments.only)
    make_corpus(clips, arguments.out or here, max(1, arguments.processes))


if __name__ == "__main__":
    main()
