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


def test_the_papers_table_has_each_strategy_once() -> None:
    rows = [row.names for row in plan_configurations(TrainParams(table="paper"), ("text", "audio", "video"))]
    assert [row[1:] for row in rows if row[0] == "unimodal"] == [
        (modality, model) for modality in ("text", "audio", "video") for model in ("logistic", "xgboost")
    ]
    fusions = [row for row in rows if "+" in row[1]]
    assert len(rows) == 2 + 6 + 1 + 2 * 13
    assert {row[1] for row in fusions} == {"text+audio", "text+audio+video"}
    assert len({(row[0], row[1]) for row in fusions}) == len(fusions) == 26
    assert {row[2] for row in fusions} == {"logistic", ""}


def test_the_papers_table_of_fewer_modalities() -> None:
    pair = [row.names for row in plan_configurations(TrainParams(table="paper"), ("audio", "video"))]
    assert [row[1] for row in pair if "+" in row[1]] == ["audio+video"] * 13
    alone = [row.names for row in plan_configurations(TrainParams(table="paper"), ("audio",))]
    assert alone[3:] == [
        ("spectrogram_cnn", "audio", ""),
        *((name, "audio", "logistic") for name in ("vote", "weighted", "product", "stacking")),
    ]


def test_the_papers_table_takes_what_the_lists_name() -> None:
    settings = TrainParams(
        table="paper", classifiers=("svm", "xgboost", "lstm"), fusions=("pca/svm", "pca/lstm"), unimodal_models=()
    )
    rows = [row.names for row in plan_configurations(settings, ("text", "audio")) if row.names[1]]
    assert rows == [
        ("tfidf", "text", "logistic"),
        ("unimodal", "text", "svm"),
        ("unimodal", "text", "xgboost"),
        ("unimodal", "audio", "svm"),
        ("unimodal", "audio", "xgboost"),
        ("pca", "text+audio", "svm"),
    ]
