"""The data that a worker reads for a job are those that the job was planned with, or the job is refused."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import Changed
from pipeline.settings.blocks import ProtocolParams
from pipeline.settings.paths import CorpusPaths
from pipeline.training import job_data
from pipeline.training.job_data import data_of, planned, require_planned
from pipeline.training.jobs import Job
from tests.pipeline.training.test_fit_keys import (
    AUDIO,
    CORPUS,
    FEATURES,
    SETTINGS,
    TWO,
    corpus,
    fold,
    later,
    table,
    train,
    write_inputs,
)
from tests.pipeline.training.test_inputs import ok, store


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_inputs()
    return Job("c", str(tmp_path), CORPUS, SETTINGS, (), fold(), (AUDIO, TWO))


@pytest.mark.parametrize("change", [corpus(protocol=ProtocolParams("group-kfold", 2, "recording")), train(budget=9)])
def test_loaded_data_are_those_of_the_job(change, job):
    """A worker that lives on keeps what it has read: under other settings it is read again."""
    table(label=list("abab"), speaker=list("xxyy"), recording=list("pqpq"))
    first, other = planned(job), planned(change(job))
    assert data_of(first)[0].groups.tolist() == list("xxyy")
    expected = "pqpq" if other.corpus.protocol.group == "recording" else "xxyy"
    assert data_of(other)[0].groups.tolist() == list(expected)


def test_features_and_labels_are_those_of_the_stores_and_the_table(job):
    data, labels = data_of(planned(job))
    assert labels.tolist() == list("abab")
    for modality in FEATURES:  # the mean of the rows i and i + 1
        np.testing.assert_array_equal(data.pooled[modality], [[0.5], [1.5], [2.5], [3.5]])


def test_a_job_planned_with_other_features_is_refused(job):
    stale = planned(job)
    data_of(stale)
    store("bert", [ok([i, i + 2]) for i in range(4)])
    later(CorpusPaths("c").features("bert"))
    for read in (require_planned, data_of):
        with pytest.raises(Changed, match="features, settings or code of c are not those that this run was planned"):
            read(stale)
    data, _ = data_of(planned(job))
    assert data.pooled["text"].ravel().tolist() == [1, 2, 3, 4]


def test_a_job_without_keys_is_refused(job):
    with pytest.raises(Changed, match="run the same command again"):
        require_planned(job)


def test_a_process_keeps_the_last_two_corpora_and_reads_them_once(job, monkeypatch):
    monkeypatch.setattr(job_data, "_loaded", {})
    jobs = [planned(replace(job, settings=replace(SETTINGS, budget=n))) for n in (3, 4, 5)]
    loaded = [data_of(one)[0] for one in jobs]
    assert data_of(jobs[2])[0] is loaded[2]
    assert data_of(jobs[1])[0] is loaded[1]
    assert data_of(jobs[0])[0] is not loaded[0]
    assert len(job_data._loaded) == 2
