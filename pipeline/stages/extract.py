"""extract: run one extractor on the stream of every utterance and write the features to one store."""

from pipeline.run.clips import StepReport
from pipeline.run.extraction import write_features
from pipeline.run.locks import writing
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths


def extract(params: Params, name: str, extractor_name: str, pool: Pool) -> StepReport:
    """Write the features of one extractor to features/<extractor>.h5, and return a report of all clips.

    Raises
    ------
    StoreError
        If the stream does not exist yet.
    UserError
        If the extractor cannot work with its settings.
    TooManyFailures
        If more clips failed than `run.max_failed` allows; the store is still written.
    """
    with writing(CorpusPaths(name).features(extractor_name)):
        return write_features(params, name, extractor_name, pool)
