"""A mistake is one sentence; whatever a user cannot correct passes unchanged."""

import pytest

import crossmodal as cm
from features.errors import ExtractorError, StoreError
from models.errors import ModelError
from pipeline.errors import UserError
from pipeline.notebook.errors import CrossmodalError, in_one_sentence


def raising(error: Exception) -> None:
    @in_one_sentence
    def call() -> None:
        raise error

    call()


@pytest.mark.parametrize("kind", [UserError, StoreError, ExtractorError, ModelError])
def test_mistakes_become_one_public_error_without_the_calls_inside(kind: type[Exception]) -> None:
    with pytest.raises(cm.CrossmodalError, match=r"^a\.csv, line 3: no such column$") as found:
        raising(kind("a.csv, line 3: no such column"))
    assert found.value.__suppress_context__
    assert isinstance(found.value, UserError)
    assert type(found.value).__module__ == "crossmodal"


def test_an_error_of_the_system_names_the_file() -> None:
    with pytest.raises(CrossmodalError, match=r"^x/y: Permission denied$"):
        raising(PermissionError(13, "Permission denied", "x/y"))


def test_a_fault_of_the_program_keeps_its_type() -> None:
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())


def test_a_notebook_shows_the_sentence_in_place_of_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    try:
        done = shell.run_cell("import crossmodal; crossmodal.features('missing.h5')")
    finally:
        shell.history_manager.save_thread = None
        InteractiveShell.clear_instance()
    assert isinstance(done.error_in_exec, CrossmodalError)
    shown = capsys.readouterr().out
    assert "missing.h5 does not exist" in shown
    assert "Traceback" not in shown
    assert len(shown.strip().splitlines()) == 1
