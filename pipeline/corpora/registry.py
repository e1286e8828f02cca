"""The registry of corpus readers."""

from common.names import Registry
from pipeline.corpora import manifest
from pipeline.corpora.base import CorpusReader, Description, Reader
from pipeline.corpora.published import crema_d, emodb, grid, iemocap, meld, mosi, ravdess
from pipeline.errors import UserError
from pipeline.settings.unions import UNION

# To add a corpus, write one file and add one line here, or call `register` in a plugin.
_READERS = Registry(
    "corpus reader",
    UserError,
    {
        "manifest": CorpusReader(manifest.read),
        "mosi": CorpusReader(mosi.read, mosi.DESCRIPTION),
        "iemocap": CorpusReader(iemocap.read, iemocap.DESCRIPTION),
        "meld": CorpusReader(meld.read, meld.DESCRIPTION),
        "ravdess": CorpusReader(ravdess.read, ravdess.DESCRIPTION),
        "crema_d": CorpusReader(crema_d.read, crema_d.DESCRIPTION),
        "emodb": CorpusReader(emodb.read, emodb.DESCRIPTION),
        "grid": CorpusReader(grid.read, grid.DESCRIPTION),
    },
)


def register(name: str, read: Reader, description: Description | None = None) -> None:
    """Add a reader, and the description of the corpus if it is a published corpus.

    Raises
    ------
    UserError
        If the name is taken by another reader, if `read` is not callable, or if `description` is not a `Description`.
    """
    if not callable(read):
        raise UserError(f"the corpus reader {name!r} is {read!r}: register(name, read) needs a function")
    if description is not None and not isinstance(description, Description):
        raise UserError(f"the description of the corpus reader {name!r} is {description!r}: make it a Description")
    if name == UNION:
        raise UserError(f"a corpus reader cannot be named {UNION!r}: this name is reserved for unions of other corpora")
    _READERS.register(name, CorpusReader(read, description))


def reader(name: str) -> Reader:
    """Return the reader registered as `name`; an unknown name raises `UserError`."""
    return _READERS[name].read


def description(name: str) -> Description | None:
    """Return the description of a published corpus; None for any other registered reader."""
    return _READERS[name].description


def reader_names() -> tuple[str, ...]:
    """Return the names of all readers of folders; ``union`` is not among them, since it reads other corpora."""
    return tuple(_READERS)
