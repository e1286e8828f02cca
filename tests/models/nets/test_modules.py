"""Networks of all strategies: shapes, losses by hand, and outputs that depend on nothing that is masked."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from models.nets import modules
from models.nets.modules import Denoiser, FeedForward, Loss, ReconstructionLoss, SequenceNet, SpectrogramNet

WIDTHS = [[2, 3], [4, 0], [0, 5]]
NETS = {
    "IntermediateNet": {"encoder": "lstm"},
    "TransformerNet": {"layers": 2},
    "ModalityAttentionNet": {},
    "CrossModalNet": {},
}


def batch(available):
    """Return random numbers for rows of three modalities, of which some are available."""
    rng = torch.Generator().manual_seed(0)
    n, available = len(available), torch.tensor(available)
    steps = [torch.randn(n, 4, max(d, 1), generator=rng) for _, d in WIDTHS]
    masks = [(torch.arange(4) < 3) & available[:, m : m + 1] for m in range(3)]
    return {
        "available": available,
        "summaries": [torch.randn(n, max(p, 1), generator=rng) for p, _ in WIDTHS],
        "steps": steps,
        "masks": [mask if d else mask & False for mask, (_, d) in zip(masks, WIDTHS, strict=True)],
        "times": [torch.arange(4.0).expand(n, 4)] * 3,
    }


def net(name):
    torch.manual_seed(1)
    return getattr(modules, name)(WIDTHS, outputs=3, hidden=4, dropout=0.3, **NETS[name]).eval()


@pytest.fixture(autouse=True)
def kept_random_state():
    with torch.random.fork_rng():
        yield


@pytest.mark.parametrize("name", NETS)
def test_masked_numbers_change_no_output(name):
    inputs = batch([[True, True, True], [True, False, True], [False, True, False]])
    found = net(name)(**inputs)["outputs"].detach()
    assert found.shape == (3, 3)
    assert found.isfinite().all()
    summaries = [torch.where(inputs["available"][:, [m]], s, 50.0) for m, s in enumerate(inputs["summaries"])]
    steps = [torch.where(mask.unsqueeze(-1), s, 0.0) for s, mask in zip(inputs["steps"], inputs["masks"], strict=True)]
    changed = net(name)(**{**inputs, "summaries": summaries, "steps": steps})["outputs"].detach()
    if name == "CrossModalNet":
        summaries_seen = inputs["available"].sum(dim=1) > 0
        np.testing.assert_allclose(changed[summaries_seen], found[summaries_seen], atol=1e-5)
    else:
        np.testing.assert_allclose(changed, found, atol=1e-5)


@pytest.mark.parametrize("name", NETS)
def test_a_row_has_the_same_output_alone(name):
    inputs = batch([[True, True, True], [True, False, True]])
    together = net(name)(**inputs)["outputs"]
    alone = {k: [v[1:] for v in vs] if isinstance(vs, list) else vs[1:] for k, vs in inputs.items()}
    np.testing.assert_allclose(net(name)(**alone)["outputs"].detach(), together[1:].detach(), atol=1e-5)


def test_weights_of_modalities_sum_to_one_over_the_available_ones():
    found = net("ModalityAttentionNet")(**batch([[True, False, True], [False, True, False]]))
    np.testing.assert_allclose(found["weights"].sum(dim=1).detach(), [1, 1], atol=1e-6)
    assert found["weights"][0, 1] == found["weights"][1, 0] == 0


def test_the_cross_entropy_of_outputs_and_available_decisions_by_hand():
    even, sure = torch.zeros(1, 2), torch.tensor([[math.log(3.0), 0.0]])
    found = {
        "outputs": even,
        "decisions": torch.stack([sure, -sure], dim=1),
        "available": torch.tensor([[True, False]]),
    }
    targets = torch.tensor([0])
    assert Loss("classification")(found, targets).item() == pytest.approx(math.log(2))
    both = math.log(2) + 0.5 * math.log(4 / 3)
    assert Loss("classification", 0.5)(found, targets).item() == pytest.approx(both)


def test_squared_errors_by_hand():
    found = {"outputs": torch.tensor([[1.0], [3.0]])}
    assert Loss("regression", 0.5)(found, torch.tensor([0.0, 1.0])).item() == pytest.approx((1 + 4) / 2)
    assert ReconstructionLoss()(found, torch.tensor([[1.0], [1.0]])).item() == pytest.approx(2)


def test_a_feed_forward_network_without_hidden_layers_is_linear():
    linear = FeedForward(3, 2, hidden=7, layers=0, dropout=0.5)
    assert [type(part) for part in linear] == [nn.Linear]
    deep = FeedForward(3, 2, hidden=7, layers=2, dropout=0.5)
    assert [tuple(p.shape) for p in deep.parameters() if p.ndim == 2] == [(7, 3), (7, 7), (2, 7)]


def test_padding_changes_no_output_of_the_sequence_networks():
    torch.manual_seed(0)
    lstm, cnn = SequenceNet(3, 2, 4, 8, 0.0, "mean").eval(), SpectrogramNet(16, 4, 8, 0.0).eval()
    steps, frames, summary = torch.randn(1, 5, 3), torch.randn(1, 12, 16), torch.randn(1, 2)
    for net_, values, more in ((lstm, steps, {"summary": summary}), (cnn, frames, {})):
        name, length = ("steps", 5) if more else ("frames", 12)
        padded = torch.cat([values, torch.zeros(1, 8, values.shape[2])], dim=1)
        mask = torch.arange(padded.shape[1]).unsqueeze(0) < length
        short = net_(**{name: values, "mask": mask[:, :length], **more})["outputs"]
        np.testing.assert_allclose(
            net_(**{name: padded, "mask": mask, **more})["outputs"].detach(), short.detach(), atol=1e-5
        )


def test_a_denoiser_gives_codes_and_a_reconstruction():
    found = Denoiser(6, 5, 2)(torch.zeros(3, 6))
    assert found["code"].shape == (3, 2)
    assert found["outputs"].shape == (3, 6)
