"""Two hosts with one folder, encrypted, as docs/clusters.md says: one of them loses power, and no byte is another."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.scaling.namespaces import ADDRESSES, Hosts, missing
from tests.conftest import ROOT, environment, outputs, run, write_csv

PAGE = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
BLOCKS = (("bash", "openssl req"), ("yaml", "require-encryption"))
CLIPS = 10
SETTINGS = """
run: {corpora: [mine], plugins: [slow.py]}
corpora:
  mine: {reader: manifest, root: raw, task: classification, label: label, modalities: [text],
    protocol: {kind: group-kfold, folds: 2, group: speaker}}
features: {extract: [slow]}
"""
# An extractor that takes its time, and leaves a file named after its process for each clip that it began.
SLOW = """
import os, time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.base import Extractor
from features.registry import register
from features.types import Features


@dataclass(frozen=True)
class Config:
    pass


class Slow(Extractor):
    name, modality, version, Config = "slow", "text", 1, Config
    feature_names, pooled_names = ("letters",), ("mean",)

    def extract(self, stream):
        Path("begun", f"{os.getpid()}.{time.monotonic_ns()}").touch()
        time.sleep(float(os.environ.get("SLOW_S", 0)))
        letters = np.array([[len(word)] for word in stream.tokens], np.float32)
        return Features(letters, np.zeros((len(letters), 2)), letters.mean(axis=0))


register(Slow)
"""


@pytest.fixture
def two_hosts() -> Iterator[Hosts]:
    if why := missing():
        pytest.skip(f"this user cannot make hosts here: {why}")
    with Hosts() as found:
        yield found


def block_of(page: str, language: str, mark: str) -> str:
    """Return the one block of code of a page that holds a mark."""
    (found,) = [block for block in re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL) if mark in block]
    return str(found)


def corpus(folder: Path) -> Path:
    rows = [(f"u{i:02}", "so it was " + "good " * (i + 1), "ab"[i % 2], f"s{i % 4}") for i in range(CLIPS)]
    write_csv(folder / "raw" / "manifest.csv", ("utterance", "text", "label", "speaker"), rows)
    (folder / "params.yaml").write_text(SETTINGS)
    (folder / "slow.py").write_text(SLOW)
    (folder / "begun").mkdir()
    run("prepare", cwd=folder)
    run("preprocess", cwd=folder)
    return folder


class Cluster:
    """A scheduler on the first host and a worker on each, with the keys of the page."""

    def __init__(self, hosts: Hosts, folder: Path, project: Path) -> None:
        keys, settings = (block_of(PAGE, *which).replace("/home/me", str(folder)) for which in BLOCKS)
        subprocess.run(["bash", "-ec", keys], check=True, capture_output=True)
        file = folder / "crossmodal-cluster" / "dask.yaml"
        file.write_text(settings)
        address = f"tls://{ADDRESSES[0]}:8786"
        self.hosts, self.project, self.log = hosts, project, folder / "log"
        # the scheduler misses a host after some 5 s instead of 30
        ttl = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "1s"}
        self.env = environment(DASK_CONFIG=str(file), CROSSMODAL_SCHEDULER=address, SLOW_S="0.3", **ttl)
        self.started: list[subprocess.Popen[bytes]] = []
        self.start(0, "-m", "dask", "scheduler", "--protocol", "tls", "--host", ADDRESSES[0], "--no-dashboard")
        how = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder))
        self.workers = [self.start(host, "-m", "dask", "worker", address, *how) for host in range(2)]

    def start(self, host: int, *command: str) -> "subprocess.Popen[bytes]":
        with self.log.open("a") as log:
            whole = [*self.hosts.on(host), sys.executable, *command]
            self.started.append(subprocess.Popen(whole, cwd=self.project, env=self.env, stdout=log, stderr=log))
        return self.started[-1]

    def until(self, there: Callable[[], bool]) -> None:
        end = time.monotonic() + 90
        while not there():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def close(self) -> None:
        for process in self.started:
            process.kill()
        for process in self.started:
            process.wait()


def test_a_host_that_loses_power_changes_no_byte(two_hosts: Hosts, tmp_path: Path) -> None:
    shared = corpus(tmp_path / "shared")
    alone = shutil.copytree(shared, tmp_path / "alone")
    cluster = Cluster(two_hosts, tmp_path, shared)
    try:
        cluster.until(lambda: cluster.log.read_text().count("Registered to") == 2)
        head = cluster.start(0, str(ROOT / "cli.py"), "extract")
        lost = cluster.workers[1].pid
        cluster.until(lambda: len(list((shared / "begun").glob(f"{lost}.*"))) == 2)
        two_hosts.cut()
        cluster.workers[1].kill()
        assert head.wait(90) == 0, cluster.log.read_text()
    finally:
        cluster.close()
    run("extract", "--workers", "0", cwd=alone)
    assert len(list((shared / "begun").iterdir())) > CLIPS  # one clip twice: the lost host was in the middle of it
    assert outputs(shared, "mine") == outputs(alone, "mine")
