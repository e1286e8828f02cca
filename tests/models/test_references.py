"""Every strategy of ours that has a paper says which, and no two references have one key."""

from common.references import Reference
from models import references
from models.classical.classifiers import classifier, classifier_names
from models.registry import strategy, strategy_names

PLAIN = {"majority", "tfidf", "unimodal", "concat"}  # nothing to cite, or cited with what they read


def test_strategies_and_classifiers_say_what_to_cite() -> None:
    assert {name for name in strategy_names() if not strategy(name).references} == PLAIN
    assert {name for name in classifier_names() if not classifier(name).references} == {"logistic", "fcnn"}


def test_all_references_are_used_and_have_keys_of_their_own() -> None:
    ours = [one for one in vars(references).values() if isinstance(one, Reference)]
    used = {one for name in strategy_names() for one in strategy(name).references}
    used |= {one for name in classifier_names() for one in classifier(name).references}
    assert len({one.key for one in ours}) == len(ours) > 10
    assert set(ours) - used == {references.HOCHREITER}  # of the LSTM, which is no entry of either table
