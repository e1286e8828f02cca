"""preprocess: cut, clean and synchronise one stream of every utterance, and write one store."""

from features.base import Modality
from pipeline.run.clips import StepReport
from pipeline.run.locks import writing
from pipeline.run.pool.cluster import Pool
from pipeline.run.streaming import write_stream
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths


def preprocess(params: Params, name: str, modality: Modality, pool: Pool) -> StepReport:
    """Write the stream of one modality to streams/<modality>.h5, and return a report of all clips.

    Raises
    ------
    UserError
        If a recording has changed since `prepare` read it.
    TooManyFailures
        If more clips failed than `run.max_failed` allows; the store is still written.
    """
    with writing(CorpusPaths(name).stream(modality)):
        return write_stream(params, name, modality, pool)
