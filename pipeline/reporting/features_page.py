"""The page of a corpus from which nothing was learnt: why, and which features there are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from features.store import STATUSES, Status, open_store
from pipeline.reporting.rendering import render
from pipeline.settings.paths import CorpusPaths


@dataclass(frozen=True)
class Features:
    """A store of features: its name and modality, and how many utterances have each status."""

    name: str
    modality: str
    counts: Mapping[Status, int]


def page_of_features(name: str, why: str) -> str:
    """Return the page as HTML; names are escaped, so they are shown as text.

    Parameters
    ----------
    name
        The corpus.
    why
        A sentence on what keeps it from being trained on, without its full stop.
    """
    return render(
        "features.html", name=name, why=f"{why[0].upper()}{why[1:]}.", statuses=STATUSES, stores=list(_stores(name))
    )


def _stores(name: str) -> Iterator[Features]:
    for path in sorted((CorpusPaths(name).work / "features").glob("*.h5")):
        with open_store(path) as store:
            modality = str(store.attribute("modality")) if "modality" in store.file.attrs else ""
            counts = {status: list(store.statuses).count(status) for status in STATUSES}
        yield Features(path.stem, modality, counts)
