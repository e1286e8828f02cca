"""evaluate: turn predictions into tables, plots and lists of utterances, and give every metric an interval."""

import json
from dataclasses import replace

from common.threads import one_thread
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import Untrainable
from pipeline.evaluation.answer import Evidence, answer_json, answer_of, headline_metrics
from pipeline.evaluation.groups import Resampling, best_of_each_kind, by_group, of_protocol, unit_of
from pipeline.evaluation.outputs import (
    GROUPS,
    attention_of,
    confusions_of,
    disagreements_of,
    plots_of,
    reliability_of,
    robustness_of,
    tables_of,
    write_outputs,
)
from pipeline.evaluation.results import (
    by_configuration,
    count_groups,
    group_by_utterance,
    read_parameters,
    read_predictions,
    unranked,
)
from pipeline.evaluation.scoring import resamples_of, score
from pipeline.evaluation.unevaluated import write_unevaluated
from pipeline.reporting.rendering import write_plots_page
from pipeline.run.locks import writing
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import MADE_OF, made_of, require_same, require_trained


def evaluate(params: Params, name: str, *, if_possible: bool = False) -> str:
    """Write the tables, plots and lists of results/<corpus>: either all of them or none.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    if_possible
        What happens if nothing can be learnt from the corpus: if True, tables without rows and pages that say why are
        written, and the reason is returned; if False, `Untrainable` is raised.

    Returns
    -------
    str
        The reason why nothing can be learnt from the corpus; empty if it was evaluated.

    Raises
    ------
    UserError
        If the predictions are missing, belong to other utterances, or were rewritten in the meantime.
    Untrainable
        If nothing can be learnt from the corpus and `if_possible` is False.
    """
    with writing(CorpusPaths(name).results / "table.csv"), one_thread():
        try:
            _evaluate(params, name)
        except Untrainable as error:
            if not if_possible:
                raise
            write_unevaluated(name, params.corpus(name), str(error))
            return str(error)
    return ""


def _evaluate(params: Params, name: str) -> None:
    corpus, paths = params.corpus(name), CorpusPaths(name)
    record = require_trained(params, name)
    made = made_of(params, name, record)
    predictions = read_predictions(paths.predictions, corpus)
    table = read_utterances(paths.utterances, corpus.label)
    groups = group_by_utterance(table, corpus, predictions)
    scores = score(predictions, groups, corpus, params.evaluate, read_parameters(name))
    scores = replace(scores, unranked=unranked(record, corpus))
    parts = by_configuration(predictions)
    count = count_groups(groups, predictions)
    best = {one: parts[one] for one in best_of_each_kind(scores)}
    resampling = Resampling(groups, corpus.protocol.group, params.evaluate)
    members = groups[predictions["utterance"].unique()]
    grouped = by_group(best, of_protocol(table, members, corpus), scores.leading, resampling)
    unit = unit_of(table, members, corpus)
    evidence = Evidence(scores, parts, resamples_of(parts, groups, params.evaluate), record.statuses, unit, members)
    answer = answer_of(name, corpus, evidence)
    outputs = {
        "answer.json": answer_json(answer),
        "metrics.json": json.dumps(headline_metrics(answer), indent=1) + "\n",
        **tables_of(params, name, scores, parts, count, record, grouped),
        **robustness_of(params, name, parts, groups),
        **attention_of(paths.results, table, corpus),
        **reliability_of(scores, parts, corpus),
        **disagreements_of(scores, parts, table, corpus),
        **plots_of(scores, parts, corpus),
        **confusions_of(parts, corpus),
    }
    require_same(record, params, name)
    write_plots_page()
    write_outputs(outputs, paths.results, {MADE_OF: made, GROUPS: count}, f"crossmodal evaluate --corpus {name}")
