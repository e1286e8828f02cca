"""report: a corpus's table, plots and confusion matrices, as one self-contained page."""

from pathlib import Path

from common.atomic import write_text
from pipeline.errors import Untrainable
from pipeline.evaluation.results import read_predictions
from pipeline.evaluation.table_files import read_scores
from pipeline.reporting.features_page import page_of_features
from pipeline.reporting.page import page_of
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import evaluated


def report(params: Params, name: str, *, if_possible: bool = False) -> Path:
    """Write report.html and return its path.

    Parameters
    ----------
    params, name
        The settings, and which corpus.
    if_possible
        Whether a page that says why is written where nothing could be learnt.

    Raises
    ------
    UserError
        If the corpus has not been evaluated yet, or was evaluated with other metrics.
    Untrainable
        If nothing can be learnt from the corpus.
    """
    try:
        return _report(params, name)
    except Untrainable as error:
        if not if_possible:
            raise
        path = CorpusPaths(name).results / "report.html"
        write_text(path, page_of_features(params, name, str(error)))
        return path


def _report(params: Params, name: str) -> Path:
    corpus, paths = params.corpus(name), CorpusPaths(name)
    with evaluated(params, name) as key:
        page = page_of(params, name, read_scores(name, corpus), read_predictions(paths.predictions, corpus), key)
    path = paths.results / "report.html"
    write_text(path, page)
    return path
