"""params.yaml of a new project."""

from pathlib import Path

import pytest

from pipeline.ingest.folder.guesses import Guess
from pipeline.ingest.settings_text import settings_text
from pipeline.settings.params import load_params

BLOCK = {
    "reader": "manifest",
    "root": ".",
    "task": "classification",
    "label": "mood",
    "modalities": ["audio"],
    "protocol": {"kind": "group-kfold", "folds": 5, "group": "speaker"},
}


@pytest.mark.parametrize("label", ["mood", "on", "1:30", "a: b", "x # y", "it's", 'say "it"', "[a]", "ünïcode", "1"])
def test_the_settings_say_what_was_guessed_whatever_the_names_are(tmp_path: Path, label: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(settings_text("mine", Guess(BLOCK | {"label": label}, {}, ()), 100), encoding="utf-8")
    params = load_params(path)
    corpus = params.corpus("mine")
    assert (corpus.label, corpus.root, corpus.protocol.group) == (label, ".", "speaker")
    assert params.run.corpora == ("mine",)
    assert params.extract == ("prosody", "mfcc", "egemaps", "speech_encoder", "spectrogram")
    assert params.notices == ()


def test_a_name_that_reads_like_a_number_stays_a_name(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(settings_text("2024", Guess(BLOCK, {}, ()), 100), encoding="utf-8")
    assert load_params(path).run.corpora == ("2024",)


def test_few_utterances_get_few_configurations(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    counts = []
    for utterances in (20, 2000):
        path.write_text(settings_text("mine", Guess(BLOCK, {}, ()), utterances), encoding="utf-8")
        counts.append(len(load_params(path).train.classifiers))
    assert counts[0] < counts[1]


def test_words_that_are_missing_are_made(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    words = {"transcribe": "missing", "align": "missing"}
    path.write_text(settings_text("mine", Guess(BLOCK | {"modalities": ["text", "audio"]}, words, ()), 100))
    corpus = load_params(path).corpus("mine")
    assert (corpus.transcribe, corpus.align) == ("missing", "missing")
