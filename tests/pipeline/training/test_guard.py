"""What the stores tell of recordings: which hold nothing that is read, and which are told apart by what they hold."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.codec import STREAM_SCHEMAS
from features.store import Entry, write_store
from models.errors import LeakError
from models.validation.protocol import Fold
from pipeline.corpora.utterances import read_utterances
from pipeline.exchange.bundle import item_of
from pipeline.run.pool.cluster import Pool
from pipeline.settings.blocks import CorpusParams, ProtocolParams, TrainParams
from pipeline.settings.params import load_params
from pipeline.settings.paths import CorpusPaths
from pipeline.stages.extract import extract
from pipeline.stages.prepare import prepare
from pipeline.stages.preprocess import preprocess
from pipeline.stages.train import train
from pipeline.training.guard import contents_of, guarded, plan_of, speakers_note_of, told_of_speakers
from tests.conftest import DATA, needs_data
from tests.pipeline.training.test_inputs import _here, ok, store, untimed, utterances  # noqa: F401 - a fixture

PROTOCOL = ProtocolParams("group-kfold", 2, "group")
FOLDS = (Fold("f", np.array([0, 1]), np.array([2, 3]), ()),)


def corpus(*modalities):
    return CorpusParams("manifest", "c", "classification", "label", modalities, PROTOCOL)


def contents(table, **features):
    settings = TrainParams(features={m: tuple(stores) for m, stores in features.items()})
    return contents_of("c", settings, corpus(*features), table)


@pytest.mark.parametrize("status", ["absent", "empty", "failed"])
def test_a_recording_holds_nothing_where_no_voice_and_no_face_is_read(status):
    store("mfcc", [ok([1]), status, status, ok([1])])
    store("face", [status, ok([1]), status, ok([1])])
    store("bert", [ok([1])] * 4)
    found = contents(utterances(4, text="yes"), text=["bert", "tfidf"], audio=["mfcc"], video=["face"])
    assert found.empty.tolist() == [False, False, True, False]
    assert contents(utterances(4), audio=["mfcc"]).empty.tolist() == [False, True, True, False]


def test_features_tell_recordings_apart_only_where_no_file_does():
    store("mfcc", [untimed([[1, np.nan]]), untimed([[1, np.nan]]), untimed([[1, 2]]), untimed([[1, 2]])], ("a", "b"))
    table = utterances(4, media_sha256=["", "", "", "ff"])
    first, second, third, fourth = contents(table, audio=["mfcc"]).digests
    assert first == second != third
    assert (bool(third), fourth) == (True, "")
    assert contents(table.assign(sound_sha256="ee"), audio=["mfcc"]).digests.tolist() == [""] * 4


def test_features_of_few_numbers_are_no_proof_that_files_hold_the_same():
    store("flags", [ok([0], pooled=[1] * 9), ok([0], pooled=[1] * 9)], tuple("abcdefghi"))
    store("mfcc", [ok([0], pooled=range(9)), ok([0], pooled=range(9))], tuple("abcdefghi"))
    table = utterances(2, media_sha256=["aa", "bb"])
    few, many = contents(table, audio=["flags"]), contents(table, audio=["mfcc"])
    assert (few.digests.tolist(), few.distinctive.tolist()) == (["", ""], [False, False])
    assert (len(set(many.digests)), many.distinctive.tolist()) == (1, [True, True])


def frames(*pictures):
    n = len(pictures)
    rows = {"values": [b""] * n, "frame": list(pictures), "score": np.zeros(n, np.float32)}
    rows |= {name: np.zeros((n, width)) for name, width in (("times", 2), ("box", 4), ("crop", 4))}
    return Entry("ok", rows=rows)


def voice(*samples):
    numbers = {column.name: np.array(0.0) for column in STREAM_SCHEMAS["audio"].clips}
    return Entry("ok", rows={"values": np.array(samples, np.int16)[:, None]}, clips=numbers)


def stream(modality, *entries):
    items = [item_of(f"u{i}", e if isinstance(e, Entry) else Entry(e, "why"), str(i)) for i, e in enumerate(entries)]
    attributes = {"name": modality, "kind": "stream"}
    write_store(CorpusPaths("c").stream(modality), STREAM_SCHEMAS[modality], attributes, items)


def test_streams_tell_which_utterances_are_the_same_sample_by_sample():
    store("mfcc", [ok([1])] * 5)
    store("face", [ok([1])] * 5)
    stream("audio", voice(1, 2), voice(1, 2), voice(1, 3), "empty", "empty")
    a, b, c = (jpeg(np.full((8, 8, 3), grey, np.uint8)) for grey in (0, 100, 200))
    stream("video", frames(a, b), frames(a, b), frames(a, c), "failed", frames(a, b))
    found = contents(utterances(5), audio=["mfcc"], video=["face"])
    assert [found.voices[0] == v for v in found.voices] == [True, True, False, False, False]
    assert [found.pictures[0] == p for p in found.pictures] == [True, True, False, False, True]
    assert (found.voices[3], found.pictures[3]) == ("", "")
    assert not any(contents(utterances(5), audio=["mfcc"]).pictures)  # nothing of the picture is read
    silent = contents(utterances(5), video=["face"])
    assert silent.voices.tolist() == found.voices.tolist()  # no model reads them, but they tell pictures apart
    assert (found.reads_voice, silent.reads_voice) == (True, False)


def jpeg(picture, quality=95):
    import cv2

    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def silent_film(path, pictures):
    """Write an H.264 film of 10 pictures per second without sound."""
    import av

    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=10)
        video.height, video.width, video.pix_fmt = *pictures[0].shape[:2], "yuv420p"
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = i
            file.mux(video.encode(frame))
        file.mux(video.encode(None))


def dubbed(film, path, pitch_hz):
    """Copy the pictures of a film, packet by packet, and add a tone, or silence where the pitch is 0."""
    import av

    t = np.arange(32000) / 16000
    sound = 0.3 * np.sin(2 * np.pi * pitch_hz * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t)) * (pitch_hz > 0)
    with av.open(str(film)) as source, av.open(str(path), "w") as file:
        file.metadata["title"] = path.name  # no two files are the same
        video = file.add_stream_from_template(source.streams.video[0])
        audio = file.add_stream("aac", rate=16000, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                file.mux(packet)
        frame = av.AudioFrame.from_ndarray((sound * 32767).astype("<i2")[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 16000, 0
        file.mux(audio.encode(frame))
        file.mux(audio.encode(None))


@needs_data
@pytest.mark.parametrize("count", [20, 8])  # of 8 pictures, 0.8 s, only one whole frame is kept
@pytest.mark.parametrize(
    ("modalities", "voices", "moves", "words", "stops"),
    [
        (("audio", "video"), True, False, "same", False),  # one portrait under different talks
        (("video",), True, False, "same", False),
        (("video",), False, False, "", False),  # cameras that are off, and nobody speaks
        (("audio", "video"), True, True, "same", False),  # one animation under different talks
        (("video",), False, True, "same", True),
        (("video",), False, True, "", True),
    ],
)
def test_the_same_pictures_are_one_recording_only_with_the_same_voice(modalities, voices, moves, words, stops, count):
    import av

    with av.open(str(next((DATA / "grid" / "s1").glob("*.mpg")))) as clip:
        pictures = [next_.to_ndarray(format="rgb24") for next_, _ in zip(clip.decode(video=0), range(60), strict=False)]
    pictures = pictures[:: 60 // count][:count]
    Path("in").mkdir()
    silent_film(Path("silent.mp4"), pictures if moves else pictures[:1] * count)
    for i in range(4):
        dubbed(Path("silent.mp4"), Path(f"in/{i}.mp4"), (150 + 20 * i) * voices)
    rows = "".join(f"{i}.mp4,{'xyxy'[i]},g{i},{words}\n" for i in range(4))
    Path("in/manifest.csv").write_text("media,label,group,text\n" + rows)
    listed = ", ".join(modalities)
    Path("params.yaml").write_text(
        f"corpora: {{c: {{reader: manifest, root: in, task: classification, label: label, modalities: [{listed}],"
        " protocol: {kind: group-kfold, folds: 2}}}\n"
    )
    params = load_params(Path("params.yaml"))
    prepare(params, "c")
    with Pool(0) as pool:
        for modality in ("audio", "video"):
            preprocess(params, "c", modality, pool)
    table = read_utterances(CorpusPaths("c").utterances, "label")
    store("mfcc", [ok([i]) for i in range(4)], names=list(table["utterance"]))
    store("face", [ok([i]) for i in range(4)], names=list(table["utterance"]))
    found = contents(table, **{m: {"audio": ["mfcc"], "video": ["face"]}[m] for m in modalities})
    assert len(set(found.pictures)) == 1
    assert found.still.all() != moves
    if stops:
        with pytest.raises(LeakError, match="the same pictures"):
            guarded(FOLDS, table, corpus(*modalities), contents=found)
    else:
        notices = guarded(FOLDS, table, corpus(*modalities), contents=found)
        assert any("the same pictures as a training utterance" in notice for notice in notices)


def test_thousands_of_utterances_cost_what_their_features_do():
    import tracemalloc

    n = 3000
    store("mfcc", [ok([0], pooled=np.full(20, i % 50) + np.arange(20)) for i in range(n)], [f"c{i}" for i in range(20)])
    stream("audio", *[voice(*range(i % 50, 400)) for i in range(n)])
    table = utterances(n, media_sha256=[str(i) for i in range(n)])
    tracemalloc.start()
    found = contents(table, audio=["mfcc"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(set(found.voices)) == len(set(found.digests)) == 50
    assert found.distinctive.all()
    assert peak < 10e6


def remuxed(source, target):
    """Copy the packets of a recording into another container, with a title."""
    import av

    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        new.metadata["title"] = "another title"
        own = {s.index: new.add_stream_from_template(s) for s in (*old.streams.video, *old.streams.audio)}
        for packet in old.demux(list(old.streams)):
            if packet.dts is not None and packet.stream.index in own:
                packet.stream = own[packet.stream.index]
                new.mux(packet)


def listed(source, target):
    """Copy a WAV, with a LIST chunk before its samples."""
    whole, chunk = source.read_bytes(), b"LIST" + (16).to_bytes(4, "little") + b"INFOINAM" + b"\x04\0\0\0take"
    at = whole.index(b"data")
    size = (len(whole) - 8 + len(chunk)).to_bytes(4, "little")
    target.write_bytes(whole[:4] + size + whole[8:at] + chunk + whole[at:])


def flac(source, target):
    import soundfile

    soundfile.write(target, *soundfile.read(source, dtype="int16"))


@pytest.mark.parametrize(
    ("copied", "suffix"), [(listed, ".wav"), (flac, ".flac"), (remuxed, ".mkv"), (remuxed, ".wav")]
)
def test_one_recording_in_other_container_bytes_stops_training(copied, suffix):
    import soundfile

    rng = np.random.default_rng(0)
    Path("in").mkdir()
    for i in range(7):
        soundfile.write(f"in/{i}.wav", (0.1 * rng.normal(size=16000)).astype(np.float32), 16000, subtype="PCM_16")
    copied(Path("in/0.wav"), Path(f"in/7{suffix}"))
    rows = "".join(f"{i}{suffix if i == 7 else '.wav'},{'xxyy'[i % 4]},g{i}\n" for i in range(8))
    Path("in/manifest.csv").write_text("media,label,group\n" + rows)
    Path("params.yaml").write_text(
        "corpora: {c: {reader: manifest, root: in, task: classification, label: label, modalities: [audio],"
        " protocol: {kind: group-kfold, folds: 2}}}\n"
        "train: {features: {audio: [prosody]}, classifiers: [logistic], fusions: [], unimodal_models: []}\n"
    )
    params = load_params(Path("params.yaml"))
    prepare(params, "c")
    with Pool(0) as pool:
        preprocess(params, "c", "audio", pool)
        extract(params, "c", "prosody", pool)
        with pytest.raises(
            LeakError, match=r"the same voice, sample by sample, .*: trained on [07]; tested on [07]\. "
        ):
            train(params, "c", pool)


def test_where_only_text_is_read_a_file_without_length_holds_nothing():
    table = utterances(4, text="yes", media_sha256=["aa", "aa", "", "bb"], duration=[2.0, np.nan, np.nan, np.nan])
    assert contents(table, text=["tfidf"]).empty.tolist() == [False, True, False, True]


def test_prompted_sessions_of_imported_features_pass_and_one_session_twice_does_not():
    table = utterances(4, text="so it is", start=3.0, end=5.0, group=list("abcd"), label=list("xyxy"))
    store("mfcc", [ok([i]) for i in range(4)])
    (words, times) = guarded(FOLDS, table, corpus("audio"), contents=contents(table, audio=["mfcc"]))
    assert "word for word" in words
    assert "in another recording" in times
    store("mfcc", [ok([i % 3]) for i in range(4)])
    with pytest.raises(LeakError, match="the same words and times"):
        guarded(FOLDS, table, corpus("audio"), contents=contents(table, audio=["mfcc"]))


def test_the_protocol_alone_asks_no_leak_guard():
    table = utterances(4, group=list("abab"), label=list("xxyy"), recording="one")
    assert len(plan_of(table, corpus("audio")).folds) == 2


def test_stores_that_are_not_there_yet_hold_nothing():
    store("ours", [ok([1])] * 2, names=["u1", "u2"])
    assert contents(utterances(4), audio=["gone", "ours"]).empty.all()
    table = utterances(4, group="g")
    with pytest.raises(LeakError, match="the same group"):
        guarded(FOLDS, table, corpus("audio"), contents=contents(table, audio=["gone"]))


def test_folds_hold_positions_in_the_whole_table_and_never_rows_without_a_label():
    table = utterances(8, group=list("aabbccdd"), label=["joy", "", "sad", "joy", "NA", "sad", "joy", "sad"])
    found = plan_of(table, corpus("text"))
    assert sorted(np.concatenate([fold.test for fold in found.folds])) == [0, 2, 3, 5, 6, 7]
    for fold in found.folds:
        assert not {1, 4} & {*fold.train, *fold.test}
        assert not set(table["group"].to_numpy()[fold.train]) & set(table["group"].to_numpy()[fold.test])
        assert all(max(valid.max(), train.max()) < len(fold.train) for train, valid in fold.inner)
    assert found.notices[0] == "2 of 8 utterances have no label: they are neither trained on nor tested"
    whole = plan_of(table.assign(label=["joy", "sad"] * 4), corpus("text"))
    assert not any("neither" in notice for notice in whole.notices)


NOBODY = "it is not known who speaks: the same person may be in both training and test"


def test_published_corpora_and_folds_of_corpora_are_not_asked_who_speaks():
    alone = utterances(4, group=list("uvwx"), recording=list("uvwx"))
    own = corpus("text")
    assert speakers_note_of(alone, own, False) == NOBODY
    assert speakers_note_of(alone, own, True) == ""
    assert speakers_note_of(alone, replace(own, protocol=replace(PROTOCOL, group="corpus")), False) == ""
    table, parts = alone.assign(corpus=["a", "a", "b", "b"]), {"a": False, "b": True}
    assert speakers_note_of(table, own, parts).startswith("it is not known who speaks in 2 of 4 utterances: ")
    assert speakers_note_of(table, replace(own, protocol=ProtocolParams("leave-one-corpus-out")), parts) == ""


def test_speakers_who_were_filled_in_are_kept_apart_only_by_a_protocol_that_divides_by_them():
    table = utterances(4, group=list("uvwx"), recording=list("uvwx"), speaker=["ann", "ann", "ben", "cid"])
    own = corpus("text")
    scattered = "speakers are in several groups (2 of 4 utterances): the same person may be in both training and test"
    assert speakers_note_of(table, own, False) == scattered
    assert speakers_note_of(table, own, True) == ""
    assert speakers_note_of(table, replace(own, protocol=replace(PROTOCOL, group="speaker")), False) == ""
    assert speakers_note_of(table, replace(own, protocol=ProtocolParams("official")), False) == ""


def test_what_is_said_names_the_remedy_unless_the_settings_accept_it(tmp_path):
    block = "{reader: manifest, root: r, label: l, task: classification, modalities: [text], protocol: {kind: official}"
    path = tmp_path / "params.yaml"
    for extra, end in (
        ("", "to rank rows anyway, set corpora.c.speakers_unknown to true"),
        (
            ", speakers_unknown: true",
            f"{NOBODY}, which corpora.c.speakers_unknown accepts",
        ),
    ):
        path.write_text(f"corpora: {{c: {block}{extra}}}}}")
        (said,) = told_of_speakers(NOBODY, load_params(path), "c")
        assert said.endswith(end)
        assert told_of_speakers("", load_params(path), "c") == []
