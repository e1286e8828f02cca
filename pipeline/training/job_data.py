"""Read the data and labels of a job on a worker, and refuse them if they have changed since the job was planned."""

import os
from dataclasses import replace
from socket import gethostname
from typing import Any

from numpy.typing import NDArray

from models.data.modalities import Modalities
from models.registry import reads_sequences
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import Changed
from pipeline.hashing import stamp_of
from pipeline.run.keys.results import stamps_key
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.plugins import load_plugins
from pipeline.training.fit_keys import fit_key
from pipeline.training.inputs import load_modalities
from pipeline.training.jobs import Job
from pipeline.training.labels import labels_of

_MOST_LOADED = 2  # a process keeps this many data sets (a corpus with or without sequences) in memory
_loaded: dict[tuple[Any, ...], Modalities] = {}  # the most recently used one comes last


def planned(job: Job) -> Job:
    """Return a job with the keys of its configurations; a worker that computes other keys refuses the job."""
    return replace(job, keys=tuple(fit_key(job, configuration) for configuration in job.configurations))


def data_of(job: Job) -> tuple[Modalities, NDArray[Any]]:
    """Return the features and the labels of all utterances of a job's corpus, on a worker.

    Raises
    ------
    Changed
        If the utterances, features, settings or code have changed since the job was planned.
    """
    os.chdir(job.folder)
    load_plugins(job.plugins)
    state = _state(job)
    table = read_utterances(CorpusPaths(job.name).utterances, job.corpus.label)
    data = _load(job, state)
    require_planned(job)
    if _state(job) != state:
        raise _changed(job)
    return data, labels_of(table, job.corpus, job.shuffled)


def require_planned(job: Job) -> None:
    """Raise `Changed` if the keys of a job's configurations are no longer the same as when the job was planned."""
    if planned(job).keys != job.keys:
        raise _changed(job)


def _changed(job: Job) -> Changed:
    return Changed(
        f"the utterances, features, settings or code of {job.name} are not those that this run was planned with (found "
        f"by process {os.getpid()} on {gethostname()}): give all workers the same code, packages and files; if "
        "something was changed just now, run the same command again"
    )


def _load(job: Job, state: str) -> Modalities:
    """Return the data of a job's corpus; a process reads the data again only if a file or a setting has changed."""
    sequences = any(reads_sequences(c.strategy, c.model) for c in job.configurations)
    key = (job.folder, job.name, sequences, state, repr(job.settings), repr(job.corpus))
    data = _loaded.pop(key, None)
    if data is None:
        table = read_utterances(CorpusPaths(job.name).utterances, job.corpus.label)
        data = load_modalities(job.name, job.settings, job.corpus, table, sequences=sequences)
    while len(_loaded) >= _MOST_LOADED:
        del _loaded[next(iter(_loaded))]
    _loaded[key] = data
    return data


def _state(job: Job) -> str:
    """Return a key that changes whenever one of the files that jobs read is rewritten."""
    paths = CorpusPaths(job.name)
    read = [paths.utterances, *sorted(paths.work.glob("features/*.h5"))]
    return stamps_key({str(path): stamp_of(path) for path in read if path.exists()})
