"""prepare: from a corpus as it lies on disk to one table of utterances, every fault named."""

from collections.abc import Sequence

from pipeline.corpora.gathering import tabulate
from pipeline.corpora.problems import Problem
from pipeline.errors import UserError
from pipeline.settings.params import Params


def prepare(params: Params, name: str) -> Sequence[Problem]:
    """Write utterances.csv and words.csv; return the warnings.

    Recordings that are missing or unreadable are warnings here: their utterances stay in the table and fail one by one
    later. Rows that contradict themselves are errors.

    Raises
    ------
    UserError
        If there is any error; it lists them.
    """
    settings = params.corpus(name)
    if not settings.label:
        raise UserError(f"{params.path}: corpora.{name}.label is empty: name the column that is to be predicted")
    return tabulate(settings, name)
