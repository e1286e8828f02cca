"""The page in a browser without a network: nothing fails, nothing is loaded, hostile texts are texts."""

from pathlib import Path

import pytest

from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.report import report
from tests.pipeline.evaluation.trained_corpus import project
from tests.pipeline.reporting.conftest import Opening

A, B = '</script><script>alert("a")</script>', "\u2028\"'><img src=x onerror=alert(2)>&amp;{{ 7 * 7 }}\u202e\U0001f600"
TRUTH = [A, A, B, B, B, B, A, A]
SINGLE = [A, B, B, B, A, B, A, B]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a corpus whose labels are hostile."""
    folder = tmp_path_factory.mktemp("page")
    rows = {("majority", "", ""): [A] * 8, ("unimodal", "text", "svm"): SINGLE, ("vote", "text+audio", "svm"): TRUTH}
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        project(folder, TRUTH, rows, "classification")  # type: ignore[arg-type]
        params = load_params(folder / "params.yaml")
        evaluate(params, "c")
        return folder / report(params, "c")


def test_hostile_labels_are_text_in_an_opened_utterance(page: Path, opened: Opening) -> None:
    seen = opened(page)
    seen.evaluate("showUtterances(['u0', 'u2'], 'Two')")
    assert seen.locator("#utterance li").count() == 2
    seen.locator("#utterance li button", has_text="u2").click()
    assert B in seen.locator("#utterance").text_content()
    assert seen.locator("#utterance img").count() == 0
