"""Where things are written, relative to the working directory."""

from dataclasses import dataclass
from pathlib import Path

CACHE = Path("data/cache")


@dataclass(frozen=True)
class CorpusPaths:
    """The files of one corpus."""

    name: str

    @property
    def work(self) -> Path:
        """Folder of what the stages write."""
        return Path("data/work") / self.name

    @property
    def results(self) -> Path:
        """Folder of predictions, tables and plots."""
        return Path("results") / self.name

    @property
    def utterances(self) -> Path:
        """The utterance table."""
        return self.work / "utterances.csv"

    @property
    def words(self) -> Path:
        """The timed words."""
        return self.work / "words.csv"

    @property
    def problems(self) -> Path:
        """All problems that `prepare` or `validate` found, where too many were found to print them."""
        return self.work / "problems.txt"

    @property
    def failures(self) -> Path:
        """The ledger of failed clips."""
        return self.work / "failures.csv"

    def stream(self, modality: str) -> Path:
        """Store of one stream."""
        return self.work / "streams" / f"{modality}.h5"

    def features(self, extractor: str) -> Path:
        """Store of one extractor."""
        return self.work / "features" / f"{extractor}.h5"

    @property
    def predictions(self) -> Path:
        """All strategies' predictions."""
        return self.results / "predictions.csv"
