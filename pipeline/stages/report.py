"""report: a corpus's table, plots and confusion matrices, as one self-contained page."""

from pathlib import Path

from common.atomic import write_text
from pipeline.evaluation.results import read_predictions
from pipeline.evaluation.table_files import read_scores
from pipeline.reporting.page import page_of
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import evaluated


def report(params: Params, name: str) -> Path:
    """Write report.html and return its path.

    Raises
    ------
    UserError
        If the corpus has not been evaluated yet, or was evaluated with other metrics.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    with evaluated(params, name) as key:
        page = page_of(name, read_scores(name, corpus), read_predictions(paths.predictions, corpus), corpus, key)
    path = paths.results / "report.html"
    write_text(path, page)
    return path
