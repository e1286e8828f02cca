"""Commands for corpora: what is written to the settings file, and which exit code says what of a corpus."""

from pathlib import Path

import pytest

from pipeline.corpora.registry import reader_names
from pipeline.settings.params import load_params
from tests.conftest import invoke, output_of, write_csv


def test_add_corpus_writes_what_its_options_say(here: Path) -> None:
    write_csv(here / "more" / "manifest.csv", ("text", "mood"), [("so it is", "1")])
    options = "--root more --task regression --label mood --modalities text --protocol crossfit --folds 3 --group text"
    printed = output_of("add-corpus", "new", *options.split(), "--run")
    assert printed.splitlines()[0] == "added corpora.new to params.yaml"
    params = load_params(here / "params.yaml")
    corpus = params.corpus("new")
    assert (corpus.task, corpus.label, corpus.modalities) == ("regression", "mood", ("text",))
    assert (corpus.protocol.kind, corpus.protocol.folds, corpus.protocol.group) == ("crossfit", 3, "text")
    assert params.run.corpora == ("c", "new")
    assert params.corpus("c") == load_params(here / "params.yaml").corpus("c")


@pytest.mark.parametrize("options", [(), ("--root", "raw", "--folds", "1"), ("--root", "raw", "--task", "guess")])
def test_add_corpus_refuses_what_it_cannot_read(options: tuple[str, ...], here: Path) -> None:
    before = (here / "params.yaml").read_bytes()
    assert invoke("add-corpus", "new", *options).exit_code == 2
    assert (here / "params.yaml").read_bytes() == before


def test_validate_exits_with_0_for_a_sound_corpus(here: Path) -> None:
    assert output_of("validate", "c").splitlines()[-1] == "c: 0 errors, 0 failed, 0 warnings"


def test_validate_and_status_take_names_alike(here: Path) -> None:
    write_csv(here / "more" / "manifest.csv", ("text",), [("so it is",), ("so it was",)])
    output_of("add-corpus", "new", "--root", "more", "--modalities", "text")
    for names in (("c", "new"), ("--corpus", "c", "--corpus", "new"), ("new", "--corpus", "c", "c")):
        assert {line.split(":")[0] for line in output_of("validate", *names).splitlines()} >= {"c", "new"}
        shown = [line.split()[0] for line in output_of("status", *names).splitlines()[1:]]
        assert set(shown) == {"c", "new"}
    assert output_of("validate").splitlines()[-1].startswith("c: ")  # run.corpora
    assert "new" not in output_of("status")
    assert "no labels: features only" in output_of("status", "new")
    assert "new: 2 utterances" in output_of("validate", "new")


def test_validate_exits_with_1_for_bad_rows_and_names_their_lines(here: Path) -> None:
    with (here / "raw/manifest.csv").open("a") as file:
        file.write("u3,again,a,s1\n")
    failed = invoke("validate", "c")
    assert failed.exit_code == 1
    assert "manifest.csv:18:" in failed.output  # the header and sixteen sentences stand before it
    assert failed.output.splitlines()[-1] == "Error: c: nothing can be prepared: correct the rows named above"


def test_validate_exits_with_3_where_only_recordings_are_missing(here: Path) -> None:
    rows = [(f"u{i}", f"gone{i}.wav", f"sentence {i}", "ab"[i % 2], f"s{i // 2}") for i in range(8)]
    write_csv(here / "raw/manifest.csv", ("utterance", "media", "text", "label", "speaker"), rows)
    params = here / "params.yaml"
    params.write_text(params.read_text().replace("modalities: [text]", "modalities: [text, audio]"))
    failed = invoke("validate", "c")
    assert failed.exit_code == 3
    assert "gone7.wav" in failed.output
    assert "c: 0 errors, 8 failed, " in failed.output


def test_corpora_list_has_a_line_for_each_reader() -> None:
    names = [line.split()[0] for line in output_of("corpora", "list").splitlines()]
    assert names == [*reader_names(), "union"]
    assert {"manifest", "meld", "mosi", "iemocap"} <= set(names)


def test_corpora_show_describes_a_published_corpus() -> None:
    shown = output_of("corpora", "show", "meld")
    assert "Poria" in shown  # its first author
    assert "13708" in shown.replace(",", "").replace(" ", "") or "9989" in shown.replace(",", "")  # published counts
    for title in ("Cite:", "Licence:", "How to obtain:", "Protocol: official", "Known faults:"):
        assert title in shown
    refused = invoke("corpora", "show", "mled")
    assert refused.exit_code == 1
    assert "did you mean 'meld'" in refused.output
    assert "README.md describes their manifest.csv" in invoke("corpora", "show", "manifest").output
