"""Compare `crossmodal preprocess` and `extract` with audinterface on openSMILE features, with two processes each."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.recorded.ratios import Ratio
from benchmarks.tools.corpus import NAME, BenchCorpus
from benchmarks.tools.recordings import ABSENT, speech
from benchmarks.tools.table import table
from benchmarks.tools.watch import Watched, watch

WORKERS = 2
NOTE = """\
What each measurement includes, in addition to the start-up of all its processes:

- *extract*: reads the cleaned streams from HDF5, computes functionals **and** low-level descriptors, and writes the
  store, and a checksummed cache file per clip. Cleaned streams are trimmed, so they are shorter than the files.
- *preprocess and extract*: the same, but starting from the files, with decoding, band-pass filter, trimming and
  levelling; it writes the cache files and stores of streams and features.
- *audinterface, files*: `opensmile.Smile(num_workers=2, multiprocessing=True).process_files` computes functionals only
  and keeps them in memory; nothing is cleaned or written.
- *audinterface, cleaned*: the same on the sound that our extract reads, written to WAV files beforehand."""


def run(count: int, rounds: int) -> Iterator[str | Ratio]:
    """Yield the paragraphs of the report on `count` speech files, and our wall times divided by audinterface's."""
    yield "## openSMILE path"
    recordings = speech(count)
    if not recordings:
        yield ABSENT.format("ravdess/speech")
        return
    with TemporaryDirectory() as folder:
        corpus = BenchCorpus(Path(folder) / "ours", recordings, ("audio",))
        files = [recording.path.resolve() for recording in recordings]
        runs = [_round(corpus, files, Path(folder)) for _ in range(rounds)]
        cleaned_s, whole_s = _seconds(corpus), _file_seconds(files)
    yield f"{len(files)} files, {whole_s:.0f} s of sound, {cleaned_s:.0f} s after cleaning; {WORKERS} processes each."
    yield from (_table(runs, len(files)), NOTE)
    for names in (("extract",), ("preprocess", "extract")):
        ratios = [sum(run[name].wall_s for name in names) / run["audinterface, files"].wall_s for run in runs]
        yield Ratio("opensmile", f"{' and '.join(names)} / audinterface on the files", median(ratios))


def _round(corpus: BenchCorpus, files: Sequence[Path], folder: Path) -> dict[str, Watched]:
    corpus.forget()
    streams = corpus.preprocess(WORKERS, "audio")
    features = corpus.extract(WORKERS, "egemaps")
    return {
        "preprocess": streams,
        "extract": features,
        "audinterface, files": _peer(files, folder),
        "audinterface, cleaned": _peer(_written_out(corpus, folder / "cleaned"), folder),
    }


def _peer(files: Sequence[Path], folder: Path) -> Watched:
    listed = folder / "files.txt"
    listed.write_text("\n".join(map(str, files)))
    return watch([sys.executable, "-m", "benchmarks.peers.audinterface_process", str(listed), str(WORKERS)], folder)


def _written_out(corpus: BenchCorpus, folder: Path) -> list[Path]:
    import soundfile

    from features.codec import read_audio
    from features.store import open_store

    folder.mkdir(exist_ok=True)
    written = []
    with open_store(_stream(corpus)) as store:
        for i, name in enumerate(store.utterances):
            stream = read_audio(store, i)
            written.append(folder / f"{name}.wav")
            soundfile.write(written[-1], stream.samples, stream.rate_hz)
    return written


def _stream(corpus: BenchCorpus) -> Path:
    return corpus.folder / "data" / "work" / NAME / "streams" / "audio.h5"


def _seconds(corpus: BenchCorpus) -> float:
    from features.store import open_store

    with open_store(_stream(corpus)) as store:
        return float(store.offsets[-1] / store.attribute("rate_hz"))


def _file_seconds(files: Sequence[Path]) -> float:
    import soundfile

    return float(sum(soundfile.info(file).duration for file in files))


def _table(runs: Sequence[dict[str, Watched]], count: int) -> str:
    def middle(value: Callable[[dict[str, Watched]], float]) -> float:
        return median(value(run) for run in runs)

    def row(label: str, names: Sequence[str]) -> list[object]:
        def wall_s(run: dict[str, Watched]) -> float:
            return sum(run[name].wall_s for name in names)

        return [
            label,
            middle(wall_s),
            middle(lambda run: count / wall_s(run)),
            middle(lambda run: run["audinterface, files"].wall_s / wall_s(run)),
            middle(lambda run: run["audinterface, cleaned"].wall_s / wall_s(run)),
            middle(lambda run: 1000 * sum(run[name].cpu_s for name in names) / count),
            middle(lambda run: max(run[name].others for name in names)),
        ]

    header = ["path", "wall s", "files/s", "speed against files", "against cleaned", "CPU ms per file", "others, cores"]
    ours = [row("ours: extract", ["extract"]), row("ours: preprocess and extract", ["preprocess", "extract"])]
    return table(header, [*ours, *(row(name, [name]) for name in ("audinterface, files", "audinterface, cleaned"))])
