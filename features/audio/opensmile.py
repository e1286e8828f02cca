"""Functionals and low-level descriptors of eGeMAPS, GeMAPS or ComParE, computed by openSMILE.

openSMILE is free for research only (audEERING's licence): for commercial use, switch this extractor off.

Eyben et al. 2010, "openSMILE: the Munich versatile and fast open-source audio feature extractor";
Eyben et al. 2016, "The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective computing";
Schuller et al. 2016, "The INTERSPEECH 2016 computational paralinguistics challenge" (ComParE).
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import string_at
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from common.references import Reference
from features.base import Extractor, Modality
from features.errors import EmptyInput
from features.types import AudioStream, Features, FloatArray

_CONFIGS = {
    "eGeMAPSv02": "egemaps/v02/eGeMAPSv02.conf",
    "GeMAPSv01b": "gemaps/v01b/GeMAPSv01b.conf",
    "ComParE_2016": "compare/ComParE_2016.conf",
}
_LLD, _FUNCTIONALS = "extsinklld", "extsinkfunc"  # outputs of openSMILE's multi-level sink


_OPENSMILE = Reference(
    "inproceedings",
    "Eyben, Florian and Wöllmer, Martin and Schuller, Björn",
    "openSMILE: The Munich versatile and fast open-source audio feature extractor",
    "Proceedings of ACM Multimedia",
    2010,
)
_GEMAPS = Reference(
    "article",
    "Eyben, Florian and Scherer, Klaus R. and Schuller, Björn W. and Sundberg, Johan and others",
    "The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective computing",
    "IEEE Transactions on Affective Computing",
    2016,
)
_COMPARE = Reference(
    "inproceedings",
    "Schuller, Björn and Steidl, Stefan and Batliner, Anton and Hirschberg, Julia and others",
    "The INTERSPEECH 2016 computational paralinguistics challenge: Deception, sincerity and native language",
    "Proceedings of Interspeech",
    2016,
)


@dataclass(frozen=True)
class OpenSmileConfig:
    """What openSMILE computes.

    Attributes
    ----------
    feature_set
        ``eGeMAPSv02`` (88 functionals, 25 low-level descriptors), ``GeMAPSv01b`` (62 and 18) or ``ComParE_2016`` (6373
        and 65).
    """

    feature_set: str = "eGeMAPSv02"

    def __post_init__(self) -> None:
        if self.feature_set not in _CONFIGS:
            raise ValueError(f"feature_set is {self.feature_set!r}: it must be one of {', '.join(_CONFIGS)}")


class OpenSmile(Extractor[AudioStream]):
    """Functionals of the utterance (``pooled``) and low-level descriptors every 10 ms (``values``).

    One run of openSMILE computes both. The numbers are the same as from two runs of ``opensmile.Smile``, one for each.

    Examples
    --------
    >>> OpenSmile(OpenSmileConfig()).feature_names[:2]
    ('Loudness_sma3', 'alphaRatio_sma3')
    """

    name = "opensmile"
    modality: ClassVar[Modality] = "audio"
    version = 1
    terms = "research only"
    references = (_OPENSMILE,)
    packages = ("opensmile",)
    Config = OpenSmileConfig

    @property
    def citations(self) -> tuple[Reference, ...]:
        """References for openSMILE and for the feature set."""
        return (_OPENSMILE, _COMPARE if self.config.feature_set == "ComParE_2016" else _GEMAPS)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """OpenSMILE's names for the low-level descriptors."""
        return _names(self.config.feature_set)[0]

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """OpenSMILE's names for the functionals."""
        return _names(self.config.feature_set)[1]

    def extract(self, stream: AudioStream) -> Features:
        """Run openSMILE on the utterance.

        Raises
        ------
        EmptyInput
            If the utterance is too short for the functionals.
        """
        rows: dict[str, list[_Row]] = {_LLD: [], _FUNCTIONALS: []}
        with _afresh(self.config.feature_set, stream.rate_hz) as smile:
            for sink, collected in rows.items():
                _collect(smile, sink, collected)
            smile.external_audio_source_write_data("extsource", stream.samples.tobytes())
            smile.external_audio_source_set_eoi("extsource")
            smile.run()
        return _features(rows[_LLD], rows[_FUNCTIONALS], stream)


class _Row(NamedTuple):
    """A row of openSMILE's output: its start and length in seconds, and its values as the bytes of 4-byte floats."""

    start_s: float
    length_s: float
    values: bytes


def _features(lld: Sequence[_Row], functionals: Sequence[_Row], stream: AudioStream) -> Features:
    if not lld or not functionals or not all(np.isfinite(_floats(row)).all() for row in functionals):
        length_ms = 1000 * stream.samples.size / stream.rate_hz
        raise EmptyInput(f"{length_ms:.0f} ms of sound are too short for openSMILE's functionals")
    times = np.array([(start, start + length) for start, length, _ in lld])
    return Features(
        values=_floats(*lld).reshape(len(lld), -1),
        times=times + stream.start_s,
        pooled=_floats(functionals[0]),
    )


def _floats(*rows: _Row) -> FloatArray:
    return np.frombuffer(bytearray().join(row.values for row in rows), np.float32)


def _collect(smile: Any, sink: str, rows: list[_Row]) -> None:
    """Let openSMILE append the rows of an output to `rows`.

    ``external_sink_set_callback_ex`` would do the same, but makes an array for each row, in twice the time.
    """
    from opensmile.core import lib

    def collect(data: Any, count: int, width: int, meta: Any, _: Any) -> int:
        frame = meta.contents
        rows.append(_Row(frame.time, frame.lengthSec, string_at(data, 4 * count * width)))  # openSMILE reuses `data`
        return 1

    callback = lib.ExternalSinkCallbackEx(collect)
    smile._callbacks.append(callback)
    smile._check_smile_result(
        lib.smileapi.smile_extsink_set_data_callback_ex(smile._smileobj, sink.encode("ascii"), callback, None)
    )


_ONE_AT_A_TIME = threading.Lock()


@cache
def _kept(feature_set: str, rate_hz: int) -> Any:
    """Return this process's openSMILE instance with these settings; the first call makes it."""
    return _start(feature_set, rate_hz)


@contextmanager
def _afresh(feature_set: str, rate_hz: int) -> Iterator[Any]:
    """Yield the process's openSMILE instance with these settings, in its initial state.

    Only one ``with`` block runs at a time. After it, the instance is reset: openSMILE builds the components anew, as in
    a new instance, but does not read the configuration again. After an error, the next block gets a new instance.
    """
    with _ONE_AT_A_TIME:
        smile = _kept(feature_set, rate_hz)
        try:
            yield smile
            smile.reset()
            smile._callbacks.clear()  # they hold the clip's rows, and openSMILE has forgotten them
        except BaseException:
            _kept.cache_clear()
            smile.free()
            raise


def _start(feature_set: str, rate_hz: int) -> Any:
    """Return an initialised openSMILE instance that reads samples from memory and passes its results to callbacks."""
    from opensmile.core import lib

    root = Path(lib.__file__).parent / "config"
    shared = root / "shared"
    smile = lib.OpenSMILE()
    smile.initialize(
        config_file=str(root / _CONFIGS[feature_set]),
        options={
            "source": shared / "standard_external_wave_input.conf.inc",
            "sink": shared / "standard_external_data_output_multi.conf.inc",
            "bufferModeRbConf": shared / "BufferModeRb.conf.inc",
            "frameModeFunctionalsConf": shared / "FrameModeFunctionals.conf.inc",
            "sampleRate": rate_hz,
            "nBits": 16,
        },
        loglevel=0,
    )
    return smile


@cache
def _names(feature_set: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return openSMILE's names for the low-level descriptors and for the functionals; cached for the process."""
    smile = _start(feature_set, 16000)
    try:
        lld, functionals = (
            tuple(
                smile.external_sink_get_element_name(sink, i) for i in range(smile.external_sink_get_num_elements(sink))
            )
            for sink in (_LLD, _FUNCTIONALS)
        )
    finally:
        smile.free()
    return lld, functionals
