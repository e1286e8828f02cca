"""The examples in help texts that read results run, on a small corpus in place of the demo's."""

from pathlib import Path

import pytest

from tests.conftest import invoke
from tests.test_documented_commands import EXAMPLES

READ = ("validate", "evaluate", "report", "status", "features show", "compare", "export", "fit", "cache", "settings")
INSTEAD = {  # of the demo -> of the corpus of sentences
    "demo": "c",
    "data/work/demo/features/egemaps.h5": "data/work/c/features/vader.h5",
    "bert,egemaps,face_cnn": "vader",
    "concat:text+audio:logistic": "tfidf:text:logistic",
    "concat": "tfidf",
}


@pytest.mark.parametrize("name", READ)
def test_an_example_that_reads_results_runs(name: str, here: Path) -> None:
    done = invoke(*(INSTEAD.get(word, word) for word in EXAMPLES[name][1:]))
    assert done.exit_code == 0, done.output
    assert done.stdout.strip()
