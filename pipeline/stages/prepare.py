"""prepare: turn a corpus on disk into a table of utterances, and report every problem."""

from collections.abc import Sequence

from pipeline.corpora.gathering import tabulate
from pipeline.corpora.problems import Problem
from pipeline.run.pool.cluster import Pool
from pipeline.run.words.completing import completing
from pipeline.settings.params import Params


def prepare(params: Params, name: str, pool: Pool | None = None) -> Sequence[Problem]:
    """Write utterances.csv and words.csv, and return warnings. Words are recognised or aligned if the settings say so.

    Without a pool, everything runs in this process. A missing or unreadable recording is only a warning here: its
    utterances stay in the table and fail one by one later. A row that contradicts itself is an error.

    Raises
    ------
    UserError
        If any row has an error; the message lists all errors.
    """
    return tabulate(params.corpus(name), name, completing(params, name, pool or Pool(0)))
