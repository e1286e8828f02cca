"""Adding a corpus leaves the rest of the settings file unchanged."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.validation.protocol import PROTOCOLS, protocol_names, register
from pipeline.corpora.adding import add_corpus, add_missing
from pipeline.errors import UserError
from pipeline.settings.params import load_params
from pipeline.settings.yaml_file import read_yaml

ROOT = Path(__file__).parents[3]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips").mkdir()
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    return tmp_path


def settings(**changes: Any) -> dict[str, Any]:
    base = {
        "root": "clips",
        "task": "regression",
        "label": "valence",
        "modalities": "text, audio",
        "reader": "manifest",
    }
    return base | {"kind": "group-kfold", "folds": 4, "group": "actor"} | changes


def test_only_one_line_is_added_and_all_comments_stay(here: Path) -> None:
    path = here / "params.yaml"
    before = path.read_text().splitlines()
    add_corpus(path, "mine", settings())
    after = path.read_text().splitlines()
    assert [line for line in after if not line.startswith("  mine:")] == before
    corpus = load_params(path).corpora["mine"]
    assert (corpus.task, corpus.label, corpus.modalities) == ("regression", "valence", ("text", "audio"))
    assert (corpus.protocol.kind, corpus.protocol.folds, corpus.protocol.group) == ("group-kfold", 4, "actor")
    assert load_params(path).run.corpora == ("demo",)


def test_dvc_can_run_it_at_once(here: Path) -> None:
    add_corpus(here / "params.yaml", "mine", settings(), also_run=True)
    assert load_params(here / "params.yaml").run.corpora == ("demo", "mine")
    assert (here / "data" / "raw" / "mine").resolve() == here / "clips"


def test_a_folder_that_holds_the_project_is_not_linked_in_itself(here: Path) -> None:
    lines = add_corpus(here / "params.yaml", "mine", settings(root="."))
    assert not any(line.startswith("linked") for line in lines)
    assert not (here / "data").exists()


def test_a_missing_settings_file_is_created(here: Path) -> None:
    add_corpus(here / "other.yaml", "mine", settings(), also_run=True)
    assert load_params(here / "other.yaml").run.corpora == ("mine",)


@pytest.mark.parametrize("kind", protocol_names())
@pytest.mark.parametrize("folds", [None, 2, 4, 17])
def test_the_protocol_is_written_as_it_was_given(kind: str, folds: int | None, here: Path) -> None:
    lines = add_corpus(here / "params.yaml", "mine", settings(kind=kind, folds=folds))
    protocol = load_params(here / "params.yaml").corpora["mine"].protocol
    divided = kind in ("group-kfold", "crossfit")
    assert (protocol.kind, protocol.group) == (kind, "actor")
    assert protocol.folds == ((folds or 5) if divided else 5)
    assert any(f"--folds {folds} was not written" in line for line in lines) == (folds is not None and not divided)


@pytest.mark.parametrize("takes", [True, False])
def test_a_protocol_of_a_plugin_says_whether_it_takes_folds(
    takes: bool, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PROTOCOLS, "_entries", dict(PROTOCOLS.items()))
    register("halves", lambda table, _: [], takes_folds=takes)
    lines = add_corpus(here / "params.yaml", "mine", settings(kind="halves", folds=3))
    assert load_params(here / "params.yaml").corpora["mine"].protocol.folds == (3 if takes else 5)
    assert any("the protocol halves has no number of folds" in line for line in lines) is not takes


AMBIGUOUS = ("on", "no", "~", "null", "1_0", "1:30", "0x1", "010", "1e3", ".5", "2026-01-01", "=", "<<", "a: b", "a #b")


@given(
    st.fixed_dictionaries(
        {
            "label": st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(str.strip),
            "group": st.sampled_from(
                ["on", "no", "~", "null", "1_0", "1:30", "0x1", "010", "1e3", ".5", "2026-01-01", "=", "a: b"]
            ),
            "task": st.sampled_from(["classification", "regression"]),
            "kind": st.sampled_from(["group-kfold", "crossfit"]),
            "folds": st.integers(2, 99),
            "modalities": st.permutations(["text", "audio", "video"]).map(",".join),
        }
    ),
    st.sampled_from(["mine", "on", "NO", "1", "1e3", "010", "1_0", "yes", "2026-01-01", "na\u00efve"]),
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_every_option_is_read_back_as_it_was_given(tmp_path_factory: Any, given_: dict[str, Any], name: str) -> None:
    folder = tmp_path_factory.mktemp("options")
    (folder / "clips").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        add_corpus(folder / "params.yaml", name, settings(**given_), also_run=True)
        params = load_params(folder / "params.yaml")
        with pytest.raises(UserError, match="already"):
            add_corpus(folder / "params.yaml", name, settings(**given_))
    corpus = params.corpora[name]
    assert (corpus.label, corpus.task, corpus.root) == (given_["label"], given_["task"], "clips")
    assert (corpus.protocol.kind, corpus.protocol.folds) == (given_["kind"], given_["folds"])
    assert corpus.protocol.group == given_["group"]
    assert params.run.corpora == (name,)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("demo", {}, "already has a corpus 'demo': choose another name, or replace its block with --force"),
        ("my corpus", {}, "a corpus cannot be named"),
        ("mine", {"root": "nowhere"}, "--root nowhere is not a folder"),
        ("mine", {"modalities": "text,smell"}, "'smell'"),
        ("mine", {"kind": "kfold"}, "did you mean 'group-kfold'"),
        ("mine", {"modalities": ""}, "--modalities names no modality"),
        ("mine", {"reader": "manifst"}, "did you mean 'manifest'"),
    ],
)
def test_impossible_corpora_are_refused(name: str, changes: dict[str, Any], message: str, here: Path) -> None:
    before = (here / "params.yaml").read_text()
    with pytest.raises(UserError, match=message):
        add_corpus(here / "params.yaml", name, settings(**changes))
    assert (here / "params.yaml").read_text() == before
    assert not (here / "data").exists()


def test_force_replaces_the_block_and_its_link_and_nothing_else(here: Path) -> None:
    path = here / "params.yaml"
    add_corpus(path, "mine", settings(), also_run=True)
    before = path.read_text().splitlines()
    (here / "others").mkdir()
    lines = add_corpus(path, "mine", settings(root="others", label="mood"), also_run=True, force=True)
    assert lines[0] == f"replaced corpora.mine in {path}"
    params = load_params(path)
    assert (params.corpora["mine"].root, params.corpora["mine"].label) == ("others", "mood")
    assert params.run.corpora == ("demo", "mine")
    assert (here / "data" / "raw" / "mine").resolve() == here / "others"
    changed = [line for line in path.read_text().splitlines() if line not in before]
    assert [line.split(":")[0].strip() for line in changed] == ["mine"]


def test_force_never_removes_a_folder(here: Path) -> None:
    (here / "data" / "raw" / "mine").mkdir(parents=True)
    with pytest.raises(UserError, match="data/raw/mine exists already and is not clips"):
        add_corpus(here / "params.yaml", "mine", settings(), force=True)


def test_a_corpus_without_labels_can_be_added_and_gets_them_later(here: Path) -> None:
    path = here / "params.yaml"
    lines = add_corpus(path, "mine", settings(label=None, task=None, speakers_unknown=True))
    assert "mine has no label column: it gets features but is not trained on; --label COLUMN --force adds one" in lines
    corpus = load_params(path).corpora["mine"]
    assert (corpus.label, corpus.task, corpus.speakers_unknown) == ("", "classification", True)
    with pytest.raises(UserError, match="--task is needed: it says whether mood holds classes"):
        add_corpus(path, "mine", settings(label="mood", task=None), force=True)
    add_corpus(path, "mine", settings(label="mood"), force=True)
    assert load_params(path).corpora["mine"].label == "mood"


@pytest.mark.parametrize("content", ["run: {corpora: demo}\n", "- a list\n", "corpora: [x]\n"])
def test_a_settings_file_with_errors_is_not_changed(content: str, here: Path) -> None:
    path = here / "wrong.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=r"wrong\.yaml"):
        add_corpus(path, "mine", settings(), also_run=True)
    assert path.read_text() == content


def test_quotes_of_other_blocks_stay(here: Path) -> None:
    block = "corpora:\n  a: {reader: manifest, root: 'clips', task: classification, label: \"on\", modalities: [text], "
    (here / "own.yaml").write_text(block + "protocol: {kind: official, group: '1:30'}}\n")
    add_corpus(here / "own.yaml", "mine", settings())
    corpus = load_params(here / "own.yaml").corpora["a"]
    assert (corpus.label, corpus.protocol.group) == ("on", "1:30")


def test_an_empty_block_is_filled(here: Path) -> None:
    (here / "short.yaml").write_text("run:\ncorpora:\n")
    add_corpus(here / "short.yaml", "mine", settings(), also_run=True)
    assert load_params(here / "short.yaml").run.corpora == ("mine",)


def union(**changes: Any) -> dict[str, Any]:
    base = dict.fromkeys(["root", "task", "label", "modalities", "kind", "folds", "group", "labels"])
    return base | {"reader": "union", "of": "first, second"} | changes


@pytest.fixture
def two(here: Path) -> Path:
    for name, modalities in (("first", "text, audio"), ("second", "audio, video")):
        (here / f"{name}-clips").mkdir()
        add_corpus(here / "params.yaml", name, settings(root=f"{name}-clips", modalities=modalities))
    return here / "params.yaml"


def test_a_union_takes_from_its_corpora_what_they_have_in_common(two: Path) -> None:
    lines = add_corpus(two, "both", union(), also_run=True)
    corpus = load_params(two).corpora["both"]
    assert (corpus.reader, corpus.root, corpus.of) == ("union", "data/raw/both", ("first", "second"))
    assert (corpus.task, corpus.label, corpus.modalities) == ("regression", "valence", ("audio",))
    assert (corpus.protocol.kind, corpus.protocol.group) == ("leave-one-corpus-out", "group")
    links = {link.name: link.resolve().name for link in Path("data/raw/both").iterdir()}
    assert links == {"first": "first-clips", "second": "second-clips"}
    assert sum(line.startswith("linked data/raw/both/") for line in lines) == 2


def test_labels_of_a_union_are_written_as_they_are_given(here: Path) -> None:
    for name in ("first", "second"):
        add_corpus(here / "params.yaml", name, settings(task="classification"))
    add_corpus(here / "params.yaml", "both", union(labels="fearful=fear, calm= ,no=yes"))
    assert load_params(here / "params.yaml").corpora["both"].labels == {"fearful": "fear", "calm": None, "no": "yes"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"of": "first, thrid"}, "--of: .* has no corpus 'thrid'"),
        ({"of": ""}, "--of is needed: list the corpora that both joins"),
        ({"root": "clips"}, "--root is not for --reader union"),
        ({"labels": "fearful"}, "--labels: 'fearful' is not OLD=NEW, as in fearful=fear"),
        ({"labels": "a=b"}, "scores have no names that could be changed"),
        (
            {"label": "arousal"},
            r"params\.yaml with the new block, line \d+: .* whose label is the column 'valence', not 'arousal'",
        ),
        ({"reader": "manifest", "root": "clips", "task": "regression", "label": "x"}, "--of and --labels are for"),
    ],
)
def test_a_union_that_cannot_be_is_refused_and_nothing_is_written(
    given: dict[str, Any], message: str, two: Path
) -> None:
    before = two.read_bytes()
    with pytest.raises(UserError, match=message):
        add_corpus(two, "both", union(**given))
    assert two.read_bytes() == before
    assert not Path("data/raw/both").exists()


def test_a_union_without_a_common_modality_needs_to_be_given_one(here: Path) -> None:
    for name, modality in (("first", "text"), ("second", "audio")):
        add_corpus(here / "params.yaml", name, settings(modalities=modality))
    with pytest.raises(UserError, match="first, second have no modality in common: say with --modalities which to use"):
        add_corpus(here / "params.yaml", "both", union())
    add_corpus(here / "params.yaml", "both", union(modalities="text,audio"))
    assert load_params(here / "params.yaml").corpora["both"].modalities == ("text", "audio")


def test_a_union_is_not_linked_inside_another_corpus(two: Path) -> None:
    Path("data/raw/both").symlink_to(Path("clips").resolve())
    with pytest.raises(UserError, match="data/raw/both exists already: choose another name"):
        add_corpus(two, "both", union())
    assert not list(Path("clips").iterdir())


def test_blocks_that_are_missing_are_added_and_nothing_else_changes(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("# mine\nstreams: {video: {fps: 4}}   # slow\nfeatures:\n  extract: [mfcc]\n  mfcc: {count: 20}\n")
    blocks = {
        "streams": {"video": {}, "text": {}},
        "features": {"extract": ["bert"], "mfcc": {}},
        "train": {"budget": 3},
    }
    add_missing(path, blocks)
    text = path.read_text()
    assert text.startswith("# mine\nstreams: ")
    assert "# slow" in text
    assert read_yaml(path) == {
        "streams": {"video": {"fps": 4}, "text": {}},
        "features": {"extract": ["mfcc"], "mfcc": {"count": 20}},
        "train": {"budget": 3},
    }
    again = path.read_bytes()
    add_missing(path, blocks)
    assert path.read_bytes() == again
