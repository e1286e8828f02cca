"""Compare encoders on an accelerator with the same encoders on the CPU: `python -m benchmarks.accelerator`.

Models have the sizes of published ones, but random weights, so that nothing is downloaded.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.tools.table import table
from benchmarks.tools.timing import processor
from features.devices import AUTO, CPU, torch_device
from features.encoder import Encoder
from features.registry import build
from features.types import AudioStream, Features, VideoStream

BATCHES = (1, 16)
CLIPS, ON_CPU = 48, 6  # the numbers of clips of each kind that are encoded on the accelerator and on the CPU


def hubert(folder: Path) -> dict[str, Any]:
    """Save a HuBERT base model with random weights, and return the settings of an extractor that runs it."""
    import transformers

    transformers.HubertModel(transformers.HubertConfig()).eval().save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return {"extractor": "speech_encoder", "model": str(folder)}


def vit(folder: Path) -> dict[str, Any]:
    """Save a ViT base model with random weights, and return the settings of an extractor that runs it."""
    import transformers

    transformers.ViTModel(transformers.ViTConfig()).eval().save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 224, "width": 224}).save_pretrained(folder)
    return {"extractor": "face_encoder", "model": str(folder)}


def voices(seconds: Sequence[float]) -> list[AudioStream]:
    """Return audio streams of noise with these lengths."""
    rng = np.random.default_rng(0)
    noise = [(rng.normal(size=round(16000 * s)) * 3000).astype(np.int16) for s in seconds]
    return [AudioStream(one, 16000, 0.0, len(one) / 16000, 0.0) for one in noise]


def faces(clips: int, count: int = 16) -> list[VideoStream]:
    """Return a video stream of `count` coloured pictures for each of `clips` clips."""
    import cv2

    rng = np.random.default_rng(0)
    nothing = np.full((count, 4), np.nan, np.float32)
    found = []
    for _ in range(clips):
        small = [rng.integers(0, 256, (8, 8, 3), np.uint8) for _ in range(count)]
        jpegs = tuple(cv2.imencode(".jpg", cv2.resize(one, (224, 224)))[1].tobytes() for one in small)
        found.append(VideoStream(np.arange(count) / 5, jpegs, (b"",) * count, nothing, nothing, nothing[:, 0]))
    return found


MODELS: Mapping[str, tuple[Callable[[Path], dict[str, Any]], Callable[[int], Sequence[Any]]]] = {
    "HuBERT base, 3.3 s each": (hubert, lambda n: voices([3.3] * n)),
    "HuBERT base, 2 to 5 s": (hubert, lambda n: voices(np.random.default_rng(1).uniform(2, 5, n).tolist())),
    "ViT base, 16 faces": (vit, faces),
}


def run(device: str) -> Iterator[str]:
    """Yield the paragraphs of the report that compares encoders on a device and on the CPU."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (save, clips_of) in MODELS.items():
            settings = save(Path(folder) / name.split()[0])
            encoder, clips = build("bench", settings), clips_of(CLIPS)
            plain, cpu_ms = _encoded(encoder, CPU, clips[:ON_CPU], 1)
            for batch in BATCHES:
                found, ms = _encoded(encoder, device, clips, batch)
                rows.append((name, batch, cpu_ms, ms, f"{_difference(plain, found):.0e}"))
    yield f"{device} ({_named(device)}) against one thread of {processor()}, random weights, float32."
    yield table(["encoder", "batch", "CPU, ms per clip", f"{device}, ms per clip", "largest difference"], rows)


def _encoded(encoder: Any, device: str, clips: Sequence[Any], batch: int) -> tuple[list[Features], float]:
    """Return the features of clips, and the milliseconds per clip, measured after a first run."""
    assert isinstance(encoder, Encoder)
    encoder.device = encoder.device_for(device)
    encoder.extract_batch(clips[:1], batch)
    started = time.perf_counter()
    found = encoder.extract_batch(clips, batch)
    took = time.perf_counter() - started
    return [one for one in found if isinstance(one, Features)], 1000 * took / len(clips)


def _difference(expected: Sequence[Features], found: Sequence[Features]) -> float:
    """Return the largest difference of pooled features, relative to the largest feature of the same clip."""
    pairs = zip(expected, found, strict=False)  # there are fewer clips from the CPU
    return max(float(np.abs(a.pooled - b.pooled).max() / np.abs(a.pooled).max()) for a, b in pairs)


def _named(device: str) -> str:
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else processor()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--device", default=AUTO, show_default=True, help="cuda, cuda:N or mps; auto chooses one.")
def main(device: str) -> None:
    """Compare encoders on an accelerator with the CPU: the time per clip, and how much the features differ."""
    for paragraph in run(torch_device(device)):
        click.echo(f"{paragraph}\n")


if __name__ == "__main__":
    main()
