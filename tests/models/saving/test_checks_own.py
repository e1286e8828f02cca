"""Networks and summaries of this project that do not fit their weights or inputs."""

import re

import numpy as np
import pytest

from models.saving.saving import MODEL
from tests.models.saving.tampering import at, forged, kept, rearranged, refused, replaced


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["hidden", ', '["hidden", 1000000000'),
        ('["hidden", ', '["hidden", 99'),
        ('["outputs", ', '["outputs", 9'),
        ('["dropout", 0.1]', '["dropout", 0.1], ["layers", 1000000000]'),
        ('["dropout", 0.1]', '["dropout", 0.1], ["unknown", 1]'),
        ('["precision", "float64"]', '["precision", "load"]'),
        ('["widths", [', '["widths", [' + "[1, 1], " * 5000),
        ('"models.nets.modules:IntermediateNet"', '"models.nets.modules:TransformerNet"'),
        ('["build", "models', '["weights", {"dict": []}], ["build", "models'),
    ],
)
def test_networks_that_do_not_fit_their_weights_are_refused(tmp_path, old, new):
    folder, _ = kept(tmp_path, name="intermediate", settings={"epochs": 1, "dropout": 0.1}, classifier_settings={})
    replaced(folder, old, new)
    refused(folder, "a network in the model|invalid values|a duplicate key")


@pytest.mark.parametrize("change", [at(0, np.nan), at(0, np.inf), lambda a: a[:-1], lambda a: a.astype(np.int64)])
def test_weights_that_are_not_finite_or_have_another_shape_are_refused(tmp_path, change):
    folder, _ = kept(tmp_path, name="intermediate", settings={"epochs": 1, "dropout": 0.1}, classifier_settings={})
    rearranged(folder, "head.0.bias", change)
    refused(folder, "a network in the model has weights")


def test_a_summary_wider_than_the_network_reads_is_refused(tmp_path):
    folder, _ = kept(tmp_path, name="intermediate", settings={"epochs": 1, "dropout": 0.1}, classifier_settings={})
    text = (folder / MODEL).read_text()
    for width in (10**9, -1):
        forged(folder, re.sub(r'\["width_", \d+\]', f'["width_", {width}]', text))
        refused(folder, "a different width from its block|invalid values")
