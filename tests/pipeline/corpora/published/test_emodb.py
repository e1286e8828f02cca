"""EmoDB from the names of its clips."""

from pathlib import Path

from pipeline.corpora.published.emodb import read
from pipeline.settings.blocks import CorpusParams, ProtocolParams

SETTINGS = CorpusParams(
    "emodb", "", "classification", "emotion", ("audio",), ProtocolParams("leave-one-group-out", group="speaker")
)


def test_names_say_speaker_sentence_and_emotion(tmp_path: Path) -> None:
    for name in ("03a01Fa", "08b10Wb", "16a05Nd", "09a02Lb", "12a04Ac", "13b03Eb", "14a07Ta"):
        (tmp_path / f"{name}.wav").touch()
    found = read(tmp_path, SETTINGS)
    table = found.utterances.set_index("utterance")
    assert table["emotion"].to_dict() == {
        "03a01Fa": "happiness",
        "08b10Wb": "anger",
        "16a05Nd": "neutral",
        "09a02Lb": "boredom",
        "12a04Ac": "fear",
        "13b03Eb": "disgust",
        "14a07Ta": "sadness",
    }
    assert table.loc["03a01Fa", ["speaker", "gender", "age", "text"]].tolist() == [
        "03",
        "male",
        "31",
        "Der Lappen liegt auf dem Eisschrank.",
    ]
    assert table.loc["08b10Wb", "gender"] == "female"
    assert [str(p).rpartition(": ")[2] for p in found.problems] == [
        "7 utterances, the release has 535",
        "7 speakers, the release has 10",
    ]


def test_a_speaker_or_an_emotion_that_emodb_does_not_have_is_an_error(tmp_path: Path) -> None:
    for name in ("03a01Fa", "04a01Fa", "03a01Xa"):
        (tmp_path / f"{name}.wav").touch()
    errors = [str(p) for p in read(tmp_path, SETTINGS).problems if p.severity == "error"]
    assert len(errors) == 2
    assert any("03a01Xa.wav: the corpus has no emotion 'X', only W, L" in e for e in errors)
    assert any("04a01Fa.wav: the corpus has no speaker '04', only 03, 08" in e for e in errors)
