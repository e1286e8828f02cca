"""What `init` makes of folders of recordings, tried in this process on noise and small films."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.corpora.gathering import gather
from pipeline.errors import UserError
from pipeline.ingest.existing import tables_of
from pipeline.ingest.project import Options, plan, write
from pipeline.settings.params import load_params
from pipeline.settings.yaml_file import read_yaml
from tests.conftest import DATA, needs_data
from tests.pipeline.ingest.clips import picture, sound

Init = Callable[..., list[str]]
NAMES = [f"{mood}_s{speaker}_{take}.wav" for mood in ("calm", "cross") for speaker in (1, 2) for take in (1, 2)]
PATTERN = "{emotion}_{speaker}_{take}"
CUE = "1\n00:00:00,000 --> 00:00:00,400\nKids are talking\n"
TEXT = ("text",) * (find_spec("faster_whisper") is not None)  # words that nobody gave are recognised


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty current folder; a folder `clips` beside it has eight recordings."""
    for name in NAMES:
        sound(tmp_path / "clips" / name, 0.5)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def init(folder: str | Path = "../clips", **options: object) -> list[str]:
    chosen = Options(Path(folder), **options)  # type: ignore[arg-type]
    project = plan(chosen)
    return [*project.lines, *write(project, force=chosen.force)]


def rows() -> list[dict[str, str]]:
    return tables_of(Path(), anew=False).rows()


def errors(name: str) -> list[str]:
    return [str(problem) for problem in gather(load_params(Path("params.yaml")).corpus(name)).problems]


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_weights_that_are_not_installed_are_the_first_command(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.weights.find_spec", lambda name: None)
    monkeypatch.setenv("CROSSMODAL_MODELS", str(here / "none"))
    assert not any("models install" in line for line in init())
    picture(here.parent / "films" / "a.mp4", 0.5)
    (here.parent / "other").mkdir()
    monkeypatch.chdir(here.parent / "other")
    assert init("../films")[-2:] == ["  crossmodal models install    (the weights of face_cnn)", "  dvc repro"]


def test_a_pattern_gives_labels_speakers_and_a_corpus_without_a_fault(here: Path) -> None:
    lines = init(pattern=PATTERN)
    assert {(row["emotion"], row["speaker"]) for row in rows()} == {
        (m, s) for m in ("calm", "cross") for s in ("s1", "s2")
    }
    corpus = load_params(Path("params.yaml")).corpus("clips")
    assert (corpus.label, corpus.task, corpus.modalities) == ("emotion", "classification", (*TEXT, "audio"))
    assert (corpus.protocol.group, corpus.protocol.folds, corpus.root) == ("speaker", 2, ".")
    assert lines[-1] == "  dvc repro && crossmodal evaluate clips --show"
    expected = {"manifest.csv", "params.yaml", "dvc.yaml", ".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore"}
    assert files(here) == expected
    assert [problem for problem in errors("clips") if "outside" not in problem] == []


def test_a_semicolon_table_with_a_mark_gives_labels(here: Path) -> None:
    cells = [f"{Path(name).stem};{name.split('_')[0]};{name.split('_')[1]}" for name in NAMES]
    table = here.parent / "labels.csv"
    table.write_text("\r\n".join(["Clip;Emotion;Speaker", *cells]), encoding="utf-8-sig")
    init(labels=table)
    assert [(row["Emotion"], row["speaker"]) for row in rows()][:2] == [("calm", "s1"), ("calm", "s1")]
    assert load_params(Path("params.yaml")).corpus("clips").label == "Emotion"


def test_folders_give_labels(here: Path) -> None:
    for name in NAMES:
        mood, speaker, take = name.split("_")
        sound(here.parent / "sorted" / speaker / mood / take, 0.5)
    init("../sorted")
    assert {(row["label"], row["speaker"]) for row in rows()} == {
        (m, s) for m in ("calm", "cross") for s in ("s1", "s2")
    }
    assert rows()[0]["utterance"] == "s1_calm_1"


def test_subtitles_in_a_folder_give_text_and_words(here: Path) -> None:
    subtitles = here.parent / "subs"
    subtitles.mkdir()
    for name in NAMES:
        (subtitles / name).with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:00,400\nbin blue\n")
    lines = init(pattern=PATTERN, transcripts=subtitles)
    assert {(row["text"], row["text_source"]) for row in rows()} == {("bin blue", "subtitles")}
    assert load_params(Path("params.yaml")).corpus("clips").modalities == ("text", "audio")
    assert any("transcripts of 8 of 8 rows (8 subtitles)" in line for line in lines)


@needs_data
def test_words_of_an_annotation_keep_their_times(here: Path) -> None:
    clip = sorted((DATA / "grid" / "s1").glob("*.mpg"))[0]
    (here / "a.mpg").symlink_to(clip)
    (here / "a.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\n<00:00.500>bin <00:01.000>blue\n")
    init(".", name="mine")
    assert (here / "words.csv").read_text().splitlines()[:2] == ["utterance,word,start,end", "a,bin,0.500,1.000"]
    assert rows()[0]["words_source"] == "subtitles"


def test_without_labels_there_is_a_corpus_of_features_only(here: Path) -> None:
    lines = init(unlabelled=True)
    assert load_params(Path("params.yaml")).corpus("clips").label == ""
    assert any(line.startswith("labels: none") for line in lines)
    assert any("it is not known who speaks" in line for line in lines)
    assert lines[-1] == "  dvc repro"


def test_recordings_in_the_current_folder_are_found_and_its_own_files_are_not(here: Path) -> None:
    for name in NAMES:
        sound(here / name, 0.5)
    for own in ("data/work/mine/x.wav", "data/cache/y.wav", "results/z.wav", ".dvc/w.wav"):
        sound(here / own, 0.5)
    init(".", name="mine", pattern=PATTERN)
    assert [row["media"] for row in rows()] == NAMES
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert "nothing is new" in init(".")
    assert before == {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}


def test_again_it_says_what_the_settings_hold_and_not_what_it_would_guess(here: Path) -> None:
    init(pattern=PATTERN)
    sound(here.parent / "clips" / "other.wav", 0.5)
    said = init(pattern=PATTERN)
    assert "1 row without a speaker, by which the protocol groups rows: fill the column in" in " ".join(said)
    assert not [line for line in said if line.startswith(("group:", "protocol:"))]
    assert any(
        "is not changed: classification, " in line and "group-kfold by speaker, 2 folds" in line for line in said
    )


def test_again_it_adds_what_is_new_and_keeps_what_was_edited(here: Path) -> None:
    init(pattern=PATTERN)
    manifest = here / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("calm_s1_1,s1,calm", "calm_s1_1,s1,CALM"))
    settings = here / "params.yaml"
    settings.write_text(settings.read_text().replace("folds: 2", "folds: 3"))
    sound(here.parent / "clips" / "calm_s3_1.wav", 0.5)
    lines = init(pattern=PATTERN)
    assert rows()[0]["emotion"] == "CALM"
    assert rows()[-1]["speaker"] == "s3"
    assert load_params(settings).corpus("clips").protocol.folds == 3
    assert "manifest.csv: 1 new recording" in lines


def test_a_new_row_without_the_speaker_that_groups_it_is_said(here: Path) -> None:
    init(pattern=PATTERN)
    sound(here.parent / "clips" / "calm_s3_1.wav", 0.5)
    assert any("1 row without a speaker, by which the protocol groups rows: fill the column" in line for line in init())
    assert not any("by which the protocol groups" in line for line in init(pattern=PATTERN))
    assert errors("clips") == [error for error in errors("clips") if "outside" in error]


def test_force_writes_it_anew_and_keeps_other_settings(here: Path) -> None:
    init(pattern=PATTERN)
    manifest, settings = here / "manifest.csv", here / "params.yaml"
    manifest.write_text(manifest.read_text().replace("calm_s1_1,s1,calm", "calm_s1_1,s1,CALM"))
    settings.write_text(settings.read_text().replace("folds: 2", "folds: 3").replace("workers: auto", "workers: 2"))
    init(pattern=PATTERN, force=True)
    assert rows()[0]["emotion"] == "calm"
    params = load_params(settings)
    assert (params.corpus("clips").protocol.folds, params.run.workers) == (2, 2)


def test_settings_that_are_there_get_the_corpus_added(here: Path) -> None:
    (here / "params.yaml").write_text("# mine\nrun: {corpora: [], workers: 2}\nstreams: {video: {fps: 4}}\n")
    init(pattern=PATTERN)
    text = (here / "params.yaml").read_text()
    assert text.startswith("# mine")
    params = load_params(here / "params.yaml")
    assert (params.run.corpora, params.run.workers, params.corpus("clips").label) == (("clips",), 2, "emotion")
    assert not (here / "data").exists()
    blocks = read_yaml(here / "params.yaml")  # DVC refuses a parameter that is not there
    assert blocks["streams"] == {"video": {"fps": 4}, "text": {}, "audio": {}}
    assert {"evaluate", "train"} <= blocks.keys()
    assert {*blocks["features"]["extract"]} == blocks["features"].keys() - {"extract"}


def test_a_corpus_without_labels_stays_without_them(here: Path) -> None:
    init(pattern="{one}_{speaker}_{two}", unlabelled=True)  # each of its fields may be a label
    assert any("as --no-labels or the settings say" in line for line in init())


def test_labels_that_come_later_are_said(here: Path) -> None:
    init(unlabelled=True)
    lines = init(pattern=PATTERN)
    assert any("`crossmodal init FOLDER --label emotion` sets it to emotion, and task to cla" in line for line in lines)
    assert load_params(here / "params.yaml").corpus("clips").label == ""
    assert rows()[0]["emotion"] == "calm"


def test_a_label_that_is_named_later_is_written(here: Path) -> None:
    init(unlabelled=True)
    path = here / "params.yaml"
    path.write_text(path.read_text() + "# mine\n")
    before = load_params(path).corpus("clips")
    lines = init(pattern=PATTERN, label="emotion")
    assert "params.yaml: corpora.clips now has the label emotion and the task classification" in lines
    after = load_params(path).corpus("clips")
    assert (after.label, after.task) == ("emotion", "classification")
    assert replace(after, label="", task=before.task) == before
    assert path.read_text().endswith("# mine\n")
    assert not any("label is" in line for line in init(label="emotion"))


def test_what_is_left_out_is_listed(here: Path) -> None:
    (here.parent / "clips" / "broken.mp4").write_bytes(b"nothing")
    os.link(here.parent / "clips" / NAMES[0], here.parent / "clips" / "z.wav")
    lines = init(pattern=PATTERN)
    assert "left out: z.wav is the same file as calm_s1_1.wav (a hard link)" in lines
    listed = (here / "left_out.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in listed] == ["file", "z.wav", "broken.mp4"]
    (here.parent / "clips" / "broken.mp4").unlink()
    (here.parent / "clips" / "z.wav").unlink()
    init()
    assert not (here / "left_out.csv").exists()


def test_a_name_that_does_not_fit_is_a_row_without_a_label(here: Path) -> None:
    sound(here.parent / "clips" / "odd.wav", 0.5)
    lines = init(pattern=PATTERN)
    row = next(row for row in rows() if row["utterance"] == "odd")
    assert (row["emotion"], row["speaker"], row["group"]) == ("", "", "")
    assert any("the pattern does not fit odd.wav" in line for line in lines)
    assert load_params(Path("params.yaml")).corpus("clips").protocol.group == "group"
    assert [problem for problem in errors("clips") if "protocol groups by it" in problem] == []


@pytest.mark.parametrize(
    "name", ["a b.wav", "-a.wav", 'it\'s "q".wav', "a,b;c.wav", "ünïcode 漢字.wav", "new\nline.wav"]
)
def test_odd_names_are_prepared(here: Path, name: str) -> None:
    sound(here / name, 0.5)
    init(".", name="mine", unlabelled=True)
    corpus = gather(load_params(Path("params.yaml")).corpus("mine"))
    assert (corpus.utterances["media_sha256"] != "").all()
    assert [str(problem) for problem in corpus.problems if problem.severity != "warning"] == []


def test_a_film_and_its_sound_are_one_utterance(here: Path) -> None:
    picture(here / "a.mp4")
    sound(here / "a.wav")
    init(".", name="mine")
    assert [(row["media"], row["sound"]) for row in rows()] == [("a.mp4", "a.wav")]
    assert load_params(Path("params.yaml")).corpus("mine").modalities == (*TEXT, "audio", "video")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"folder": "nowhere"}, "nowhere does not exist: give the folder of your recordings"),
        ({"folder": f"../clips/{NAMES[0]}"}, "is a file and not a folder"),
        ({"folder": "."}, "holds no recordings: give the folder of your recordings"),
        ({"name": "a/b"}, "a corpus cannot be named 'a/b'"),
        ({"pattern": "{a}+{b}"}, "does not fit the names"),
        ({"pattern": PATTERN, "label": "moood"}, "--label moood: there is no such column"),
        ({"labels": Path("none.csv")}, r"none\.csv does not exist"),
        ({"transcripts": Path("none")}, "--transcripts none is not a folder"),
        ({"transcripts": Path()}, r"--transcripts \. holds no transcripts"),
        ({"pattern": "{a}_{b}_{c}"}, r"several columns could be the label \(a, b, c\): choose one, for example"),
    ],
)
def test_a_mistake_is_a_sentence_and_nothing_is_written(here: Path, options: dict[str, object], fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        init(**options)
    assert files(here) == set()


def test_a_folder_of_broken_recordings_says_why(here: Path) -> None:
    (here / "a.mp4").write_bytes(b"")
    with pytest.raises(UserError, match=r"these files are left out:\n  a\.mp4 is empty: copy it again"):
        init(".")


def test_other_files_are_named_where_there_is_no_recording(here: Path) -> None:
    (here / "a.txt").write_text("x")
    with pytest.raises(UserError, match=r"holds no recordings, only 1 file \(\.txt\): give the folder"):
        init(".")


def test_a_pipeline_of_somebody_else_is_not_overwritten(here: Path) -> None:
    (here / "dvc.yaml").write_text("stages: {}\n")
    with pytest.raises(UserError, match=r"dvc\.yaml was not written by crossmodal"):
        init(pattern=PATTERN)
    assert files(here) == {"dvc.yaml"}
    init(pattern=PATTERN, force=True)
    assert "inputs" in (here / "dvc.yaml").read_text()


def test_a_checkout_is_no_project(here: Path) -> None:
    (here / "pyproject.toml").write_text('[project]\nname = "crossmodal"\n')
    with pytest.raises(UserError, match="this folder is a checkout of crossmodal: make a folder of your own"):
        init()


def test_a_project_has_one_corpus_here(here: Path) -> None:
    init(pattern=PATTERN)
    with pytest.raises(
        UserError, match="this folder is the project of the corpus clips: make another folder for other"
    ):
        init(name="other")
    (here / "params.yaml").write_text((here / "params.yaml").read_text().replace("root: .", "root: elsewhere"))
    with pytest.raises(UserError, match=r"already has a corpus clips in elsewhere: choose .*, or replace .* --force"):
        init()
    init(pattern=PATTERN, force=True)
    assert load_params(here / "params.yaml").corpus("clips").root == "."


def test_unknown_speakers_are_acknowledged(here: Path) -> None:
    assert plan(Options(Path("../clips"), pattern="{emotion}_*", speakers_unknown=True)).guess.block["speakers_unknown"]


def test_a_whisper_file_beside_a_recording_is_read_wherever_the_folder_is(here: Path) -> None:
    segments = [{"id": 0, "seek": 0, "start": 0.0, "end": 0.4, "text": " Kids are talking.", "tokens": [1]}]
    whisper = json.dumps({"text": " Kids are talking.", "segments": segments, "language": "en"})
    (here.parent / "clips" / "calm_s1_1.json").write_text(whisper)
    init(pattern=PATTERN)
    assert [(row["text"], row["text_source"]) for row in rows() if row["text"]] == [("Kids are talking.", "recognised")]
    (here.parent / "texts").mkdir()
    (here.parent / "texts" / "calm_s1_2.json").write_text(whisper)
    init(pattern=PATTERN, transcripts=here.parent / "texts")
    assert len([row for row in rows() if row["text"]]) == 2


def test_transcripts_that_name_nothing_or_hold_nothing_are_said(here: Path) -> None:
    clips = here.parent / "clips"
    for name, text in (("nobody", CUE), ("calm_s1_2", ""), ("calm_s1_1", CUE)):
        (clips / f"{name}.srt").write_text(text)
    sound(clips / "below" / "calm_s1_1.wav", 0.5)
    said = init(pattern=PATTERN)
    assert "1 transcript does not match exactly one recording by name: nobody.srt" in said
    assert any(line.endswith("calm_s1_2.srt holds no words") for line in said)
    assert [row["text"] for row in rows() if row["media"].endswith("clips/calm_s1_1.wav")] == ["Kids are talking"]


def test_a_score_stays_one_with_a_few_cells_that_are_no_numbers(here: Path) -> None:
    cells = ["1,5", "-0,5", "2.5", "keine Angabe", "0,5", "-1,5", "1,0", "2"]
    lines = [f"{name};{cell}" for name, cell in zip(NAMES, cells, strict=True)]
    (here.parent / "clips" / "labels.csv").write_text("\n".join(["file;valence", *lines]))
    said = init()
    assert any(line.startswith("task: regression") for line in said)
    assert any(line.startswith("valence is not a number in 1 row (keine Angabe): correct") for line in said)
    held = [cell.replace(",", ".") for cell in cells]
    assert [row["valence"] for row in rows()] == held
    assert load_params(Path("params.yaml")).corpus("clips").task == "regression"


def test_speakers_that_were_filled_in_later_are_to_be_the_groups(here: Path) -> None:
    init(pattern="{emotion}_*", speakers_unknown=True)
    assert load_params(Path("params.yaml")).corpus("clips").protocol.group == "group"
    said = init(pattern=PATTERN)
    assert any("set corpora.clips.protocol.group to speaker in params.yaml" in line for line in said)


def test_a_manifest_of_something_else_is_left_alone(here: Path) -> None:
    (here / "manifest.csv").write_text("name,age\nAnn,31\n")
    with pytest.raises(UserError, match="has no column media, so it is not a list of recordings"):
        init(pattern=PATTERN)
    assert (here / "manifest.csv").read_text() == "name,age\nAnn,31\n"
