"""Make a corpus in a folder of its own, and run crossmodal's commands on it."""

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tools.recordings import Recording
from benchmarks.tools.watch import Watched, crossmodal

NAME = "bench"
SETTINGS = """
run: {{corpora: [{name}], max_failed: 0}}
corpora:
  {name}: {{reader: manifest, root: {name}, task: regression, label: label, modalities: [{modalities}],
    protocol: {{kind: group-kfold, folds: 2, group: group}}}}
"""


class BenchCorpus:
    """A prepared corpus of recordings with a manifest.

    Parameters
    ----------
    folder
        The folder of the corpus and of everything that is computed from it.
    recordings
        The recordings, each of which is one utterance.
    modalities
        The modalities to use.
    """

    def __init__(self, folder: Path, recordings: Sequence[Recording], modalities: Sequence[str]) -> None:
        self.folder = folder
        (folder / NAME).mkdir(parents=True)
        rows = [(r.path.resolve(), r.name, r.text, i % 2) for i, r in enumerate(recordings)]
        words = [(r.name, *word) for r in recordings for word in r.words]
        write_table(folder / NAME / "manifest.csv", ("media", "utterance", "text", "label"), rows)
        write_table(folder / NAME / "words.csv", ("utterance", "word", "start", "end"), words)
        (folder / "params.yaml").write_text(SETTINGS.format(name=NAME, modalities=", ".join(modalities)))
        crossmodal(folder, "prepare")

    def preprocess(self, workers: int, *modalities: str) -> Watched:
        """Make the streams of the named modalities (by default, all); return what the command used."""
        named = [part for modality in modalities for part in ("--modality", modality)]
        return crossmodal(self.folder, "preprocess", "--workers", str(workers), *named)

    def extract(self, workers: int, *extractors: str) -> Watched:
        """Make the features of the named extractors (by default, the default ones); return what the command used."""
        named = [part for extractor in extractors for part in ("--extractor", extractor)]
        return crossmodal(self.folder, "extract", "--workers", str(workers), *named)

    def forget(self) -> None:
        """Delete everything that was computed, including the cache."""
        for computed in ("cache", f"work/{NAME}/streams", f"work/{NAME}/features"):
            shutil.rmtree(self.folder / "data" / computed, ignore_errors=True)


def write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a CSV table."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
