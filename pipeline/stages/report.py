"""report: show the data and results of a corpus on one HTML page."""

from pathlib import Path

from common.atomic import write_text
from pipeline.errors import Untrainable
from pipeline.evaluation.results import read_predictions
from pipeline.evaluation.table_files import read_scores
from pipeline.reporting.features_page import page_of_features
from pipeline.reporting.page import page_of
from pipeline.reporting.utterance.section import data_sections
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import evaluated


def report(params: Params, name: str, pool: Pool | None = None, *, if_possible: bool = False) -> Path:
    """Write report.html and the folder report_files beside it; return the path of the page.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    pool
        Workers that make the previews of utterances; None makes them in this process.
    if_possible
        What happens if nothing can be learnt from the corpus: if True, a page that says why is written; if False,
        `Untrainable` is raised.

    Raises
    ------
    UserError
        If the corpus has not been evaluated yet, or was evaluated with other metrics.
    Untrainable
        If nothing can be learnt from the corpus and `if_possible` is False.
    """
    pool = pool or Pool(0)
    try:
        return _report(params, name, pool)
    except Untrainable as error:
        if not if_possible:
            raise
        path = CorpusPaths(name).results / "report.html"
        write_text(path, page_of_features(params, name, str(error), data_sections(params, name, pool)))
        return path


def _report(params: Params, name: str, pool: Pool) -> Path:
    corpus, paths = params.corpus(name), CorpusPaths(name)
    with evaluated(params, name) as key:
        scores, predictions = read_scores(name, corpus), read_predictions(paths.predictions, corpus)
        data = data_sections(params, name, pool, scores, predictions)
        page = page_of(params, name, scores, predictions, key, data)
    path = paths.results / "report.html"
    write_text(path, page)
    return path
