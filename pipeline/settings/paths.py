"""The paths of written files, relative to the working directory, and the names allowed for corpora and stores."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError

CACHE = Path("data/cache")
INPUTS = Path("data/work/inputs.json")  # what the stages of a user's own project depend on but DVC cannot see
_LONGEST = 100  # longest name, in characters: file systems allow about 250 bytes, and endings are added


def check_name(name: str) -> None:
    """Raise `UserError` if a corpus cannot have this name, which also names a folder and is typed in commands."""
    if not name.replace("_", "").replace("-", "").isalnum() or name[0] == "-" or len(name) > _LONGEST:
        raise UserError(
            f"a corpus cannot be named {name!r:.120}: use at most {_LONGEST} letters, digits, _ and -, and begin with "
            "a letter, a digit or _"
        )


def check_store(name: str) -> None:
    """Raise `UserError` if a store cannot have this name, which also names a file."""
    if not re.fullmatch(r"[\w.+-]+", name) or name[0] in "-." or len(name) > _LONGEST:
        raise UserError(f"a store cannot be named {name!r:.120}: use letters, digits, _, - and +")


@dataclass(frozen=True)
class CorpusPaths:
    """The paths of the files that belong to one corpus."""

    name: str

    @property
    def work(self) -> Path:
        """Folder that the stages write to."""
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
        """List of all problems that `prepare` or `validate` found, written when there are too many to print."""
        return self.work / "problems.txt"

    @property
    def failures(self) -> Path:
        """The table of failed clips."""
        return self.work / "failures.csv"

    def stream(self, modality: str) -> Path:
        """Store of one stream."""
        return self.work / "streams" / f"{modality}.h5"

    def features(self, extractor: str) -> Path:
        """Store of one extractor."""
        return self.work / "features" / f"{extractor}.h5"

    @property
    def predictions(self) -> Path:
        """The predictions of all configurations."""
        return self.results / "predictions.csv"
