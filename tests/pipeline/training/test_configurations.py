"""The configurations of a table: baselines, modalities, fusions."""

from pipeline.settings.blocks import TrainParams
from pipeline.training.configurations import plan_configurations


def test_configurations_of_a_table() -> None:
    rows = plan_configurations(TrainParams(), ("text", "audio", "video"))
    names = [row.names for row in rows]
    alone = 2 + 3 * 7 + 1 + 3  # baselines, seven classifiers per modality, the spectrogram CNN, products of extractors
    assert len(names) == len(set(names)) == alone + 4 * 25
    assert ("pca", "text+audio", "lstm") in names
    assert ("transformer", "text+audio+video", "") in names
    assert names[0] == ("majority", "", "")
    assert ("stacking", "text+audio+video", "logistic") in names
    assert [row.names[1] for row in plan_configurations(TrainParams(), ("audio",))] == ["", *["audio"] * 9]
