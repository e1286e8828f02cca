"""extract: run one extractor on the stream of every utterance and write the features to one store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.run.clips import StepReport
from pipeline.run.extraction import start_features
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
    with extracting(params, name, extractor_name, pool) as finish:
        return finish()


@contextmanager
def extracting(
    params: Params,
    name: str,
    extractor_name: str,
    pool: Pool,
    *,
    wait: bool = True,
    current: set[Path] | None = None,
) -> Iterator[Callable[[], StepReport]]:
    """Start extracting features on the workers, and yield the function that waits for them and writes the store.

    Until the ``with`` block ends, no other run can write this store. `current` holds the streams that were already
    found to be up to date. They are not checked again, and the stream of this extractor is added to them.

    Raises
    ------
    Busy
        If another run writes the store, and `wait` is false.
    """
    with writing(CorpusPaths(name).features(extractor_name), wait=wait):
        yield start_features(params, name, extractor_name, pool, current)
