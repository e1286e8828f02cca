"""The configurations of a table: baselines, modalities, fusions."""

from pipeline.settings.blocks import TrainParams
from pipeline.training.configurations import plan_configurations


def test_configurations_of_a_table() -> None:
    rows = plan_configurations(TrainParams(), ("text", "audio", "video"))
    names = [row.names for row in rows]
    alone = 2 + 3 * 7 + 1 + 3 * 4  # baselines, seven classifiers per modality, the spectrogram CNN, fused extractors
    assert len(names) == len(set(names)) == alone + 4 * (25 + 4)
    assert ("pca", "text+audio", "lstm") in names
    assert ("transformer", "text+audio+video", "") in names
    assert names[0] == ("majority", "", "")
    assert ("stacking", "text+audio+video", "logistic") in names
    assert [row.names[1] for row in plan_configurations(TrainParams(), ("audio",))] == ["", *["audio"] * 12]


def test_fusions_over_extractors() -> None:
    """Also of each modality with several; where none has several they are the fusions over modalities."""
    fusions = ("product", "product@extractor", "vote@extractor")
    features = {"text": ("bert", "tfidf"), "audio": ("mfcc",), "video": ("posture",)}
    settings = TrainParams(features=features, classifiers=(), fusions=fusions, unimodal_models=())
    rows = [row.names[:2] for row in plan_configurations(settings, ("text", "audio", "video")) if row.names[1]]
    assert rows == [
        ("tfidf", "text"),
        ("product", "text"),
        ("vote", "text"),
        ("product", "text+audio"),
        ("product@extractor", "text+audio"),
        ("vote@extractor", "text+audio"),
        ("product", "text+video"),
        ("product@extractor", "text+video"),
        ("vote@extractor", "text+video"),
        ("product", "audio+video"),
        ("vote", "audio+video"),
        ("product", "text+audio+video"),
        ("product@extractor", "text+audio+video"),
        ("vote@extractor", "text+audio+video"),
    ]
