"""What recognised words depend on."""

import shutil
import sys
from pathlib import Path

import pytest

from features.audio.speech_models import packaged_folder
from pipeline.errors import UserError
from pipeline.ingest.recognise import PACKAGES
from pipeline.run.words.kinds import ALIGN, KINDS, RECOGNISE
from pipeline.settings.streams import WordsConfig


def test_recognised_words_depend_on_model_language_and_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = KINDS[RECOGNISE].program
    packaged = program(WordsConfig())
    assert packaged["model"]["model.bin"].startswith("1a5afae0")
    assert set(packaged["libraries"]) == set(PACKAGES)
    assert program(WordsConfig(language="de")) != packaged
    copy = shutil.copytree(packaged_folder(), tmp_path / "copy")
    assert program(WordsConfig(model=str(copy))) == packaged  # where a model lies does not matter
    (copy / "config.json").write_text("{}")
    assert program(WordsConfig(model=str(copy))) != packaged


def test_other_settings_change_no_recognised_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = KINDS[RECOGNISE].program
    assert program(WordsConfig(transcribe="always", align="missing")) == program(WordsConfig())


def test_aligned_words_depend_on_the_library_alone() -> None:
    program = KINDS[ALIGN].program
    assert set(program(WordsConfig())["libraries"]) == {"pocketsphinx", "numpy"}
    assert program(WordsConfig(model="other", transcribe="always")) == program(WordsConfig())


@pytest.mark.parametrize(("kind", "module"), [(ALIGN, "pocketsphinx"), (RECOGNISE, "faster_whisper")])
def test_a_missing_package_is_named_with_its_command(kind: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=r'not installed: pip install "crossmodal\[speech\]"'):
        KINDS[kind].program(WordsConfig())
