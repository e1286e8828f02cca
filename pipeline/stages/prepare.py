"""prepare: turn a corpus on disk into a table of utterances, and report every problem."""

from collections.abc import Sequence

from pipeline.corpora.gathering import tabulate
from pipeline.corpora.problems import Problem
from pipeline.run.pool.cluster import Pool
from pipeline.run.words.completing import completing
from pipeline.settings.params import Params


def prepare(params: Params, name: str, pool: Pool | None = None) -> Sequence[Problem]:
    """Write utterances.csv and words.csv, and return the problems that do not stop the stage, the worst first.

    Words are recognised or aligned if the settings say so; this process does it if there is no pool. A missing or
    unreadable recording does not stop the stage: its utterances stay in the table and fail one by one later.

    Raises
    ------
    UserError
        If a problem is an error, such as a row that contradicts itself. The message lists the errors.
    """
    return tabulate(params.corpus(name), name, completing(params, name, pool or Pool(0)))
