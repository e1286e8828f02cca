"""The IEMOCAP reader: labels from all kinds of lines, each actor in the right half, sound and picture on one clock."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import soundfile

from features.types import AudioStream, VideoStream
from models.evaluation.metrics import metric_names
from models.validation.protocol import Protocol, plan
from pipeline.corpora.gathering import gather
from pipeline.corpora.published.iemocap import DESCRIPTION
from pipeline.corpora.published.iemocap_labels import ERC_HAPPY
from pipeline.corpora.utterances import COLUMNS, Corpus
from pipeline.errors import UserError
from pipeline.settings.params import load_params
from pipeline.settings.streams import AudioConfig, VideoConfig
from pipeline.stages.prepare import prepare
from pipeline.streams.audio import read_audio
from pipeline.streams.spans import Region, Span
from pipeline.streams.video import read_video
from tests.conftest import DATA, needs_data
from tests.pipeline.corpora.cases import refold
from tests.pipeline.corpora.published.iemocap_trees import WDSEG, Row, cells, dialogue, get, settings, tree, wdseg


def messages(corpus: Corpus, severity: str, but: str = "\n") -> str:
    """Return the problems of a severity, without the counts and sessions that a small tree cannot have."""
    usual = (", the release has ", "is left out, since it lacks", but)
    return "\n".join(
        str(p) for p in corpus.problems if p.severity == severity and not any(u in p.message for u in usual)
    )


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_the_case_of_folders_does_not_matter(tmp_path: Path, change: Callable[[str], str]) -> None:
    release = tree(tmp_path / "x")
    wdseg(release, "Ses01F_impro01_F000")
    before = get(tmp_path / "x", "text")
    folders = {part for name in ("SessionN/dialog/EmoEvaluation", "transcriptions", "sentences/ForcedAlignment")
               for part in name.split("/")}  # fmt: skip
    refold(tmp_path / "x", lambda name: name if name[:4] == "Ses0" or name not in {*folders, "Session1", "Session2"}
           else change(name))  # fmt: skip
    found = get(tmp_path / "x", "text")
    assert found.utterances.equals(before.utterances)
    assert found.words.equals(before.words)
    assert len(found.words)


@pytest.mark.parametrize("below", ["", "IEMOCAP_full_release"])
def test_all_kinds_of_lines(tmp_path: Path, below: str) -> None:
    tree(tmp_path / "x")
    found = get(tmp_path / "x" / below, "text")
    assert not messages(found, "error")
    assert messages(found, "warning", "ForcedAlignment").count("\n") == 0
    assert "stray file: ._Ses01F_impro01.txt is ignored" in messages(found, "warning")
    assert {*COLUMNS, *DESCRIPTION.labels, "line", "session", "dialogue"} <= set(found.utterances.columns)
    assert cells(found, "emotion4") == {
        "Ses01F_impro01_M000": "happy",  # excited is merged into happy
        "Ses01F_impro01_F000": "happy",
        "Ses01F_impro01_F003": "angry",
        "Ses02M_script01_1_F000": "neutral",
        "Ses02M_script01_1_M000": "sad",
    }
    assert cells(found, "text")["Ses01F_impro01_F000"] == "Where are you\u2019re going?"
    assert cells(found, "speaker")["Ses02M_script01_1_F000"] == "Ses02F"
    assert cells(found, "speaker")["Ses01F_impro01_M000"] == "Ses01M"
    assert cells(found, "group")["Ses02M_script01_1_F000"] == "Ses02M_script01_1"
    assert cells(found, "session")["Ses01F_impro01_F000"] == "Session1"
    assert cells(found, "line")["Ses01F_impro01_M000"] == 3
    # of ten timed turns: FXX0, F000, M000, FXX0, F001, M009, M001, F002, F003
    assert [cells(found, "order")[f"Ses01F_impro01_{who}"] for who in ("F000", "M000", "F003")] == [2, 3, 9]


def test_the_described_counts_are_the_published_ones() -> None:
    counts = DESCRIPTION.counts
    rated = {code: counts[f"utterances rated {code}"] for code in ("neu", "fru", "ang", "sad", "exc", "hap")}
    assert sum(n for what, n in counts.items() if "rated" in what) == counts["evaluated utterances"] == 10039
    assert sum(rated.values()) == counts["utterances with emotion6"] == 7380
    assert sum(rated.values()) - rated["fru"] == counts["utterances with emotion4"] == 5531
    assert counts["utterances with emotion6_erc"] - len(ERC_HAPPY) == 7380
    assert set(DESCRIPTION.block["metrics"]) <= set(metric_names("classification"))


@pytest.mark.parametrize("odd", ["Ses03M_impro05a", "Ses03M_impro05b", "Ses03M_impro08b", "Ses05M_script01_1b"])
def test_irregular_dialogues(tmp_path: Path, odd: str) -> None:
    release = tree(tmp_path / "x")
    dialogue(release, odd)
    dialogue(release, "Ses05M_script01_1")
    found = get(release, "text")
    assert cells(found, "dialogue")[f"{odd}_F000"] == odd
    assert cells(found, "dialogue")["Ses05M_script01_1_F000"] == "Ses05M_script01_1"
    assert not messages(found, "error")


def test_folds_by_session(tmp_path: Path) -> None:
    release = tmp_path / "x"
    for n in range(1, 6):
        dialogue(release, f"Ses0{n}F_impro01", [("F000", 0, 1, "neu"), ("M000", 1, 2, "ang")])
    table = get(release, "text").utterances
    folds = plan(Protocol("leave-one-group-out", "session"), table, label="emotion4", task="classification").folds
    assert [fold.name for fold in folds] == [f"Session{n}" for n in range(1, 6)]
    for fold in folds:
        assert not set(table["speaker"].iloc[fold.train]) & set(table["speaker"].iloc[fold.test])
        assert set(table["speaker"].iloc[fold.test]) == {f"Ses0{fold.name[-1]}{letter}" for letter in "FM"}


def test_an_unknown_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no label column 'emotions'; did you mean 'emotion'"):
        get(tree(tmp_path / "x"), "text", label="emotions")


def test_half_unpacked_releases(tmp_path: Path) -> None:
    release = tree(tmp_path / "x")
    found = get(release, "text")
    assert "Session3 is left out, since it lacks Session3/dialog/EmoEvaluation" in " ".join(map(str, found.problems))
    for n in (1, 2):
        for path in (release / f"Session{n}" / "dialog" / "transcriptions").iterdir():
            path.unlink()
    with pytest.raises(UserError, match=r"Found: Session1/dialog/EmoEvaluation, .*Not found: Session1/dialog/trans"):
        get(release, "text")
    with pytest.raises(UserError, match="Found: nothing of it"):
        get(tmp_path, "text")
    with pytest.raises(UserError, match="is not a folder"):
        get(tmp_path / "nowhere", "text")


def test_sessions_with_different_recordings_are_refused(tmp_path: Path) -> None:
    release = tree(tmp_path / "x")
    folder = release / "Session1" / "dialog" / "avi" / "DivX"
    folder.mkdir(parents=True)
    (folder / "Ses01F_impro01.avi").write_bytes(b"x")
    with pytest.raises(UserError, match=r"Found: Session1/dialog/avi/DivX\. Not found: .*Session2/dialog/avi/DivX"):
        get(release)


def test_labels_and_texts_alone_are_a_corpus_of_text(tmp_path: Path) -> None:
    found = get(tree(tmp_path / "x"))
    assert (found.utterances["media"] == "").all()
    assert (found.utterances["region"] == "").all()
    assert messages(found, "warning").count("there are no recordings") == 1


def test_words_are_in_seconds_of_the_recording(tmp_path: Path) -> None:
    release = tree(tmp_path / "x")
    wdseg(release, "Ses01F_impro01_M000")
    for name in ("Ses01F_impro01_F000", "Ses02M_script01_1_F000"):
        wdseg(release, name, WDSEG.replace("35    49", "49    35"))
    wdseg(release, "Ses01F_impro01_F003", "")
    found = get(release, "text")
    assert list(found.words["word"]) == ["THE", "END"]
    np.testing.assert_allclose(found.words[["start", "end"]], [[1.7, 1.9], [1.95, 2.1]], atol=1e-9)
    reported = messages(found, "warning")
    assert "Ses01F_impro01_F000.wdseg has a bad row in line 5" in reported
    assert "Ses01F_impro01_F003.wdseg does not begin with SFrm" in reported
    assert "Ses02M_script01_1_M000.wdseg is missing" in reported


WIDTH, HEIGHT, TOP, RATE = 720, 480, 112, 25  # the picture lies between black bars of 112 rows


FLASH_S = (0.8, 2.0)  # once in the turn of each speaker


WOMAN, MAN = "grid/s1/bbaf2n.mpg", "edge/obama_speech.mp4"  # the clips that play F and M in the tests


@cache
def pictures(source: str) -> list[np.ndarray]:
    """Return the frames of three seconds of a clip, 360x256."""
    with av.open(str(DATA / source)) as container:
        frames = [(float(f.time), f.to_ndarray(format="rgb24")) for f in container.decode(video=0) if f.time < 3.2]
    first = frames[0][0]
    times = np.array([time - first for time, _ in frames])
    chosen = [frames[int(np.argmin(abs(times - k / RATE)))][1] for k in range(3 * RATE)]
    return [cv2.resize(frame, (360, 288))[16:272] for frame in chosen]


def record(path: Path, left: str, right: str) -> None:
    """Write a dialogue as the release has it: two faces side by side; a white square in the bar at each flash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", 8_000_000
        stream.codec_context.time_base = Fraction(1, RATE)
        for k, (one, other) in enumerate(zip(pictures(left), pictures(right), strict=True)):
            picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            picture[TOP : TOP + 256] = np.hstack([one, other])
            if any(abs(k / RATE - flash) < 0.5 / RATE for flash in FLASH_S):
                picture[20:80] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def beeps() -> np.ndarray:
    """Return three seconds of faint noise with a beep of 30 ms at each flash."""
    sound = 0.003 * np.random.default_rng(0).standard_normal(48000)
    for flash in FLASH_S:
        at = int(flash * 16000)
        sound[at : at + 480] += 0.5 * np.sin(2 * np.pi * 1000 * np.arange(480) / 16000)
    return sound


ACTED: Sequence[Row] = (("F000", 0.4, 1.4, "hap"), ("M000", 1.6, 2.6, "ang"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of two dialogues with pictures and sound: once the woman wears the markers, once the man."""
    release = tmp_path_factory.mktemp("iemocap") / "IEMOCAP_full_release"
    for name, left, right in (("Ses01F_impro01", WOMAN, MAN), ("Ses01M_impro01", MAN, WOMAN)):
        dialogue(release, name, ACTED)
        record(release / "Session1" / "dialog" / "avi" / "DivX" / f"{name}.avi", left, right)
        for who, start, end, _ in ACTED:
            path = release / "Session1" / "sentences" / "wav" / name / f"{name}_{who}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, beeps()[round(start * 16000) : round(end * 16000)], 16000)
    return release


def seen(row: Any, fps: float = 5) -> VideoStream:
    span = Span(row.start, row.end, Region.parse(row.region))
    _, stream = next(read_video(Path(row.media), [span], VideoConfig(fps=fps, frame_step=1)))
    assert isinstance(stream, VideoStream), stream
    return stream


def grey(jpeg: bytes) -> np.ndarray:
    """Return a face as a small grey image of mean 0 and length 1."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA).astype(float).ravel()
    small -= small.mean()
    return small / np.linalg.norm(small)


@cache
def portrait(source: str) -> np.ndarray:
    """Return the mean face of a source clip, cut by the same detector."""
    _, stream = next(read_video(DATA / source, [Span(0, 3)], VideoConfig()))
    mean = np.mean([grey(face) for face in stream.faces if face], axis=0)
    return mean / np.linalg.norm(mean)


@needs_data
def test_each_utterance_shows_the_face_of_its_speaker(recorded: Path) -> None:
    table = get(recorded).utterances
    halves = {}
    for row in table.itertuples():
        stream = seen(row)
        faces = [grey(face) for face in stream.faces if face]
        assert len(faces) >= 4
        speaker, other = (WOMAN, MAN) if row.speaker == "Ses01F" else (MAN, WOMAN)
        like, unlike = (float(np.mean([face @ portrait(who) for face in faces])) for who in (speaker, other))
        assert like > 0.6, (row.utterance, like)
        assert unlike < 0.4, (row.utterance, unlike)
        x, _, width, _ = np.nanmedian(stream.boxes, axis=0)
        halves[row.utterance] = "left" if x + width / 2 < WIDTH / 2 else "right"
    assert halves == {
        "Ses01F_impro01_F000": "left",
        "Ses01F_impro01_M000": "right",
        "Ses01M_impro01_F000": "right",
        "Ses01M_impro01_M000": "left",
    }


@needs_data
def test_sound_and_picture_are_on_one_clock(recorded: Path) -> None:
    for row in get(recorded).utterances.itertuples():
        flash = FLASH_S[0] if row.utterance.endswith("F000") else FLASH_S[1]
        stream = seen(row, fps=RATE)
        bars = [cv2.imdecode(np.frombuffer(f, np.uint8), cv2.IMREAD_GRAYSCALE)[15:38].mean() for f in stream.frames]
        assert stream.times[int(np.argmax(bars))] == pytest.approx(flash - row.start, abs=0.6 / RATE)
        span = Span(row.sound_start, row.sound_start + row.end - row.start)
        _, voice = next(read_audio(Path(row.sound), [span], AudioConfig(trim_db=100)))
        assert isinstance(voice, AudioStream)
        loudest = voice.start_s + int(np.argmax(abs(voice.samples.astype(int)))) / voice.rate_hz
        assert loudest == pytest.approx(flash - row.start + 0.015, abs=0.02)
        assert voice.duration_s == pytest.approx(row.end - row.start, abs=0.01)


@needs_data
def test_rows_with_both_kinds_of_recordings(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = get(recorded)
    assert set(found.utterances["recording"]) == {"Ses01F_impro01", "Ses01M_impro01"}
    assert cells(found, "sound")["Ses01F_impro01_M000"] == (
        (recorded / "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M000.wav").as_posix()
    )
    problems = prepare(load_params(recorded.with_suffix(".yaml")), "iemocap")
    assert {p.severity for p in problems} == {"warning"}


@needs_data
@pytest.mark.parametrize("how", ["no avi", "audio only"])
def test_without_pictures_the_sound_files_are_the_recordings(recorded: Path, tmp_path: Path, how: str) -> None:
    release = recorded
    if how == "no avi":
        release = copied(recorded, tmp_path / "x", but="dialog/avi")
        wdseg(release, "Ses01F_impro01_M000")
    found = get(release, *(("text", "audio", "video") if how == "no avi" else ("text", "audio")))
    assert cells(found, "media")["Ses01F_impro01_M000"].endswith("wav/Ses01F_impro01/Ses01F_impro01_M000.wav")
    assert list(found.utterances["recording"]) == list(found.utterances["utterance"])
    assert (found.utterances["start"] == 0).all()
    assert found.utterances["end"].isna().all()
    assert (found.utterances[["sound", "region"]] == "").all(axis=None)
    filled = gather(settings(release, "text", "audio")).utterances
    np.testing.assert_allclose(filled["end"], 1.0, atol=1e-6)
    if how == "no avi":
        np.testing.assert_allclose(found.words["start"], [0.1, 0.35])
        assert "there is no dialog/avi/DivX: video counts as absent" in messages(found, "warning")


@needs_data
def test_without_sound_files_the_voice_is_in_the_dialogue(recorded: Path, tmp_path: Path) -> None:
    found = get(copied(recorded, tmp_path / "x", but="sentences/wav"))
    assert (found.utterances["sound"] == "").all()
    assert found.utterances["media"].str.endswith(".avi").all()
    assert "there is no sentences/wav" in messages(found, "warning")


def copied(release: Path, to: Path, but: str) -> Path:
    """Link a release's files into another folder, except those of one subfolder."""
    for file in release.rglob("*.*"):
        if file.is_file() and f"/{but}/" not in file.as_posix():
            target = to / file.relative_to(release)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(file)
    return to


@needs_data
@pytest.mark.parametrize(
    ("name", "lost"), [("Ses01M_impro01.avi", "audio and video"), ("Ses01F_impro01_F000.wav", "its audio")]
)
def test_a_missing_recording_is_reported_when_it_is_opened(
    recorded: Path, tmp_path: Path, name: str, lost: str
) -> None:
    release = copied(recorded, tmp_path / "x", but="none")
    next(release.rglob(name)).unlink()
    failed = [p.message for p in gather(settings(release)).problems if p.severity == "failed"]
    assert len(failed) == 1
    assert name in failed[0]
    assert lost in failed[0]


@needs_data
def test_extra_and_stray_recordings_are_named(recorded: Path, tmp_path: Path) -> None:
    release = copied(recorded, tmp_path / "x", but="none")
    for name in ("Ses01F_impro01_F007.wav", "._Ses01F_impro01_F000.wav"):
        (release / "Session1/sentences/wav/Ses01F_impro01" / name).write_bytes(b"x")
    (release / "Session1/dialog/avi/DivX/Ses01F_impro07.avi").write_bytes(b"x")
    (release / "Session1/dialog/avi/DivX/._Ses01F_impro01.avi").write_bytes(b"x")
    reported = messages(get(release), "warning")
    assert "extra recording: Ses01F_impro01_F007.wav" in reported
    assert "extra recording: Ses01F_impro07.avi" in reported
    assert "stray file: ._Ses01F_impro01_F000.wav" in reported
    assert "stray file: ._Ses01F_impro01.avi" in reported
