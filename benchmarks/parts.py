"""Compare each step of the pipeline with plain library calls that do the same work, on one core and after a warm-up.

Steps are called in this process through the pipeline's own functions. For each clip and round, the same work is done by
plain library calls (`bare`) right before or after the steps. Extractors and plain calls get the same sound, crops and
frames.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from benchmarks.recorded.ratios import Ratio
from benchmarks.tools import bare
from benchmarks.tools.ours import Ours
from benchmarks.tools.recordings import ABSENT, SETS, Recording
from benchmarks.tools.table import table
from benchmarks.tools.timing import Cost, Sample, interleaved, measure, median_cost, median_ratio, one_core, total
from common.threads import pin_to_one_thread
from features.video.images import quiet_stderr, read_jpeg
from pipeline.settings.streams import VideoConfig
from pipeline.streams.pictures import Picture, jpeg, shrink

# The parts of each step. OTHER_WAYS lists other ways to call a part, which are not added up.
PARTS = {
    "audio": ("decode sound",),
    "video": ("decode and convert frames", "detect faces", "crop and encode"),
    "bert": ("sentence encoder",),
    "mfcc": ("librosa mfcc",),
    "egemaps": ("openSMILE functionals",),
    "speech_encoder": ("Whisper encoder",),
    "spectrogram": ("librosa mel spectrogram",),
    "face_cnn": ("network, batched",),
    "landmarks": ("face mesh, tracking",),
    "posture": ("pose",),
}
OTHER_WAYS = {"face_cnn": ("network, one by one",), "landmarks": ("face mesh, static",)}
TARGET = 1.25
POSE_STEP = 2  # the bare pose network reads every second sampled frame; `posture` itself may read fewer

Calls = dict[str, Callable[[], object]]


def run(sets: Sequence[str], rounds: int, clips: dict[str, int]) -> Iterator[str | Ratio]:
    """Yield the report's paragraphs and ratios on each set of clips."""
    yield "## Each step and the bare cost of its parts"
    found = {name: SETS[name](clips[name]) for name in sets}
    yield from (ABSENT.format(name) for name, recordings in found.items() if not recordings)
    present = {name: recordings for name, recordings in found.items() if recordings}
    if not present:
        return
    with one_core():
        ours, line = _started(next(iter(present.values()))[0])
        pin_to_one_thread()  # as workers do
        yield line
        for name, recordings in present.items():
            yield from _report(name, ours, recordings, rounds)


def _started(recording: Recording) -> tuple[Ours, str]:
    """Return the pipeline with its models loaded, and a paragraph about the cost of starting it.

    One clip is processed twice, since the first time includes imports and loading models.
    """
    started: list[Ours] = []

    def first() -> None:
        started.append(Ours())
        started[0].everything(recording, _duration_s(recording))

    cold = measure(first)
    start_up = cold - measure(lambda: started[0].everything(recording, _duration_s(recording)))
    return started[0], (
        f"Start-up of one process (imports, models, first calls): {start_up.cpu_s:.1f} s of processor time, "
        f"{start_up.wall_s:.1f} s of wall time. All that follows is warm, on one core."
    )


def _duration_s(recording: Recording) -> float:
    from pipeline.streams.decode import probe

    return probe(recording.path).duration_s


def _report(name: str, ours: Ours, recordings: Sequence[Recording], rounds: int) -> list[str | Ratio]:
    samples: list[Sample] = []
    seconds = []
    for recording in recordings:
        duration_s = _duration_s(recording)
        with quiet_stderr():
            own = ours.calls(recording, duration_s)
            calls = own | _bare_calls(ours, recording, duration_s)
            interleaved(calls, backwards=False)  # warm up
        samples += [interleaved(calls, backwards=bool(i % 2)) for i in range(rounds)]
        seconds += [duration_s] * rounds
    heading = f"### {name}: {len(recordings)} clips of {sum(seconds) / len(seconds):.1f} s, {rounds} rounds"
    return [heading, *_tables(list(own), samples, seconds), *_ratios(name, list(own), samples)]


def _bare_calls(ours: Ours, recording: Recording, duration_s: float) -> Calls:
    """Return plain library calls, keyed by name, that do the work of the pipeline's steps on inputs prepared here."""
    streams = ours.streams(recording, duration_s)
    rate_hz, fps = streams["audio"].rate_hz, ours.config["video"].fps
    samples = streams["audio"].signal()
    images = bare.pictures(recording.path, fps)
    boxes = bare.faces(images)
    faces = bare.crops(images, boxes)
    calls: Calls = {
        "decode sound": partial(bare.sound, recording.path, rate_hz),
        "decode and convert frames": partial(bare.pictures, recording.path, fps),
        "detect faces": partial(bare.faces, images),
        "crop and encode": partial(bare.encoded_crops, images, boxes),
        "sentence encoder": partial(bare.sentence, recording.text),
        "librosa mfcc": partial(bare.mfcc, samples, rate_hz),
        "librosa mel spectrogram": partial(bare.spectrogram, samples, rate_hz),
        "openSMILE functionals": partial(bare.functionals, samples, rate_hz),
        "Whisper encoder": partial(bare.whisper, samples, rate_hz),
        "network, batched": partial(bare.expressions, faces, batched=True),
        "network, one by one": partial(bare.expressions, faces, batched=False),
        "face mesh, tracking": partial(bare.meshes, faces, static=False),
        "face mesh, static": partial(bare.meshes, faces, static=True),
        "pose": partial(bare.bodies, [_reduced(image, ours.config["video"]) for image in images[::POSE_STEP]]),
    }
    return calls


def _reduced(image: Picture, config: VideoConfig) -> Picture:
    """Return a picture as the video stream stores whole frames: shrunk, written as JPEG, and read again."""
    return read_jpeg(jpeg(shrink(image, config.frame_height), config.jpeg_quality))


def _tables(own: Sequence[str], samples: Sequence[Sample], seconds: Sequence[float]) -> list[str]:
    paired = [step for step in own if step in PARTS]
    alone = [step for step in own if step not in PARTS]
    rows = [_row(step, (step,), PARTS.get(step, ()), samples, seconds) for step in own]
    lean = [part for step in paired for part in PARTS[step]]
    plain = [part for step in paired for part in (*PARTS[step][:-1], OTHER_WAYS.get(step, PARTS[step][-1:])[-1])]
    rows += [
        _row("**steps with a bare part**", paired, lean, samples, seconds),
        _row("**steps with a bare part, plain calls face by face**", paired, plain, samples, seconds),
        _row("**all steps**", own, lean, samples, seconds),
    ]
    parts = [(part, 1000 * median_cost([s[part] for s in samples]).cpu_s) for part in samples[0] if part not in own]
    return [
        table(
            ["step", "ours, CPU ms per clip", "bare, CPU ms", "ours/bare, CPU", "ours/bare, wall", "times real time"],
            rows,
        ),
        f"Steps without a bare part (plain library calls) are counted on our side only: {', '.join(alone)}. Target: "
        f"other steps cost at most {TARGET} times their bare part. Ratios are medians over pairs from the same clip "
        "and round.",
        table(["bare part", "CPU ms per clip"], parts),
    ]


def _ratios(name: str, own: Sequence[str], samples: Sequence[Sample]) -> list[Ratio]:
    """Return ratios of our processor time to that of plain calls: for all steps, and for each step in `PARTS`."""

    def ratio(what: str, steps: Sequence[str], parts: Sequence[str]) -> Ratio:
        pairs = [(total(sample, steps), total(sample, parts)) for sample in samples]
        return Ratio("parts", f"{name}: {what} / bare parts", median_ratio(pairs).cpu_s)

    paired = [step for step in own if step in PARTS]
    whole = ratio("all steps", own, [part for step in paired for part in PARTS[step]])
    return [whole, *(ratio(step, [step], PARTS[step]) for step in paired)]


def _row(
    name: str, own: Sequence[str], parts: Sequence[str], samples: Sequence[Sample], seconds: Sequence[float]
) -> list[object]:
    """Return a row of the table that compares the pipeline's steps with plain calls.

    The row adds up the steps `own`, and compares them with the sum of the plain calls `parts`. If `parts` is empty, the
    cells about plain calls are None. `seconds` holds the length of the clip of each sample.
    """
    costs = [total(sample, own) for sample in samples]
    speed = median_cost([Cost(s / c.cpu_s, s / c.wall_s) for s, c in zip(seconds, costs, strict=True)])
    row: list[object] = [name, 1000 * median_cost(costs).cpu_s]
    if not parts:
        return [*row, None, None, None, speed.cpu_s]
    bares = [total(sample, parts) for sample in samples]
    ratio = median_ratio(list(zip(costs, bares, strict=True)))
    return [*row, 1000 * median_cost(bares).cpu_s, f"{ratio.cpu_s:.2f}", f"{ratio.wall_s:.2f}", speed.cpu_s]
