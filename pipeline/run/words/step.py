"""The step that recognises the words of utterances from their sound, or aligns known words with it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from features.devices import CPU
from features.errors import ExtractorError
from features.store import Entry
from pipeline.errors import UserError
from pipeline.ingest.voice import RATE_HZ
from pipeline.ingest.words import Spoken, Word
from pipeline.run.dividing import shares
from pipeline.run.keys.utterance import word_program
from pipeline.run.plans import Clip, Source
from pipeline.run.recordings import by_recording, each_recording
from pipeline.run.stores import require_planned
from pipeline.run.words.kinds import KINDS
from pipeline.settings.streams import AudioConfig, WordsConfig
from pipeline.streams.audio import read_sound

_MOST_IN_A_BATCH = 16  # clips


@dataclass(frozen=True)
class WordStep:
    """Recognises or aligns words (`pipeline.run.words.kinds`); a clip's payload is its `Source`."""

    name: str
    settings: WordsConfig
    audio: AudioConfig
    depends: str  # the part of the keys that does not depend on the clip, as JSON
    device: str = CPU
    plugins: tuple[str, ...] = ()
    stage: str = "prepare"
    light: bool = False

    def ready(self) -> "WordStep":
        """Return this step with the device on which its model runs; for the setting ``auto``, it is chosen now."""
        return replace(self, device=KINDS[self.name].device_for(self.device))

    def batches(self, clips: Sequence[Clip], workers: int) -> list[list[Clip]]:
        """Divide the clips into tasks: each has the clips of a few short recordings, or of a part of a long one.

        A long recording is always divided, since recognising or aligning takes longer than decoding.
        """
        size = max(1, min(_MOST_IN_A_BATCH, ceil(len(clips) / (8 * workers))))
        batches: list[list[Clip]] = []
        for part in shares(by_recording(clips).values(), workers, lambda *_: True):
            if batches and len(batches[-1]) + len(part) <= size:
                batches[-1] += part
            else:
                batches.append(list(part))
        return batches

    def compute(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        """Yield each clip's words as an entry of the cache.

        Raises
        ------
        Changed
            If a recording, the code, a model or a library has changed since the clips' keys were made.
        UserError
            If the model cannot be used.
        """
        here = word_program(self.name, KINDS[self.name].program(self.settings), self.audio)
        require_planned(f"the step {self.name}", json.loads(self.depends), here)
        yield from each_recording(clips, self._recording)

    def _recording(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        source: Source = clips[0].payload
        spans = [clip.payload.span for clip in clips]
        for i, sound in read_sound(Path(source.path), spans, replace(self.audio, rate_hz=RATE_HZ), source.media):
            if isinstance(sound, Exception):
                yield i, sound
                continue
            try:
                known = known_of(clips[i].payload)
                yield i, entry_of(KINDS[self.name].words_of(sound, known, self.settings, self.device))
            except (UserError, ExtractorError):
                raise
            except Exception as error:  # any error of a model is a failure of this clip
                yield i, error


def known_of(source: Source) -> Spoken:
    """Return an utterance's words known so far, with times in seconds from its start."""
    start_s = source.span.start_s
    return Spoken(source.text, tuple(Word(word, start - start_s, end - start_s) for word, start, end in source.words))


def entry_of(spoken: Spoken) -> Entry:
    """Return words as an entry of the cache."""
    numbers = np.array([word[1:] for word in spoken.words], np.float64).reshape(-1, 3)
    rows: dict[str, Any] = {
        "values": [word.text for word in spoken.words],
        "times": numbers[:, :2],
        "confidence": numbers[:, 2],
    }
    return Entry("ok", spoken.note, rows, {"text": spoken.text})


def spoken_of(entry: Entry) -> Spoken:
    """Return the words that an entry of the cache holds."""
    cells = zip(entry.rows["values"], entry.rows["times"], entry.rows["confidence"], strict=True)
    words = tuple(Word(str(text), float(start), float(end), float(sure)) for text, (start, end), sure in cells)
    return Spoken(str(entry.clips["text"]), words, entry.note)
