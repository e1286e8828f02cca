"""Call the pipeline's own functions on one clip in this process, without workers, cache or store."""

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.tools.recordings import ROOT, Recording


class Ours:
    """All streams and default extractors, with the settings of the repository's params.yaml.

    Attributes
    ----------
    config
        The settings of each stream.
    extractors
        The extractor objects, keyed by name; a model is loaded when its extractor is first used.
    """

    def __init__(self) -> None:
        from pipeline.settings.params import load_params

        params = load_params(ROOT / "params.yaml")
        self.config = params.streams
        self.extractors = {name: params.extractor(name) for name in params.extract}

    def stream(self, modality: str, recording: Recording, duration_s: float) -> Any:
        """Return one stream of a clip."""
        from pipeline.streams.audio import read_audio
        from pipeline.streams.spans import Span
        from pipeline.streams.text import read_text
        from pipeline.streams.video import read_video

        if modality == "text":
            return read_text(recording.text, recording.words, 0.0, self.config["text"])
        readers: dict[str, Callable[..., Any]] = {"audio": read_audio, "video": read_video}
        ((_, stream),) = readers[modality](recording.path, [Span(0.0, duration_s)], self.config[modality])
        if isinstance(stream, Exception):
            raise stream
        return stream

    def streams(self, recording: Recording, duration_s: float) -> dict[str, Any]:
        """Return all streams of a clip."""
        return {modality: self.stream(modality, recording, duration_s) for modality in self.config}

    def calls(self, recording: Recording, duration_s: float) -> dict[str, Callable[[], object]]:
        """Return functions that make one stream (keyed by modality) or run one extractor (keyed by its name)."""
        made = self.streams(recording, duration_s)
        calls: dict[str, Callable[[], object]] = {
            modality: partial(self.stream, modality, recording, duration_s) for modality in made
        }
        return calls | {name: partial(e.extract, made[e.modality]) for name, e in self.extractors.items()}

    def everything(self, recording: Recording, duration_s: float) -> None:
        """Make all streams and features of a clip."""
        streams = self.streams(recording, duration_s)
        for extractor in self.extractors.values():
            extractor.extract(streams[extractor.modality])
