"""preprocess: cut, clean and synchronise one stream of every utterance, and write one store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from features.base import Modality
from pipeline.run.clips import StepReport
from pipeline.run.locks import writing
from pipeline.run.pool.cluster import Pool
from pipeline.run.streaming import start_stream
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
    with preprocessing(params, name, modality, pool) as finish:
        return finish()


@contextmanager
def preprocessing(
    params: Params, name: str, modality: Modality, pool: Pool, *, wait: bool = True
) -> Iterator[Callable[[], StepReport]]:
    """Start preprocessing on the workers, and yield the function that waits for them and writes the store.

    Until the ``with`` block ends, no other run can write this store.

    Raises
    ------
    Busy
        If another run writes the store, and `wait` is false.
    """
    with writing(CorpusPaths(name).stream(modality), wait=wait):
        yield start_stream(params, name, modality, pool)
