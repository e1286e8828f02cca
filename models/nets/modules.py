"""The torch modules of the neural strategies: encoders, attention, heads.

Steps are padded and masked. Padding never affects an output, so that an utterance has the same output alone and in a
batch with longer utterances. Missing modalities are masked as well.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from models.nets.layers import (
    AttentionPooling,
    Encoder,
    Recurrent,
    StepDropout,
    TimeEmbedding,
    Tokens,
    TransformerLayer,
    Widths,
    masked_mean,
)


class FeedForward(nn.Sequential):
    """Hidden layers with ReLU and dropout, followed by a linear layer."""

    def __init__(self, width: int, outputs: int, hidden: int, layers: int, dropout: float) -> None:
        stack: list[nn.Module] = []
        for _ in range(layers):
            stack += [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout)]
            width = hidden
        super().__init__(*stack, nn.Linear(width, outputs))


class Loss(nn.Module):
    """Cross-entropy (or squared error) of the outputs, plus the weighted mean loss of the modalities' own outputs.

    The modalities that an utterance lacks are left out of the mean.

    Parameters
    ----------
    task
        ``classification`` or ``regression``.
    auxiliary
        Weight of the losses of the modalities' own outputs.
    """

    def __init__(self, task: str, auxiliary: float = 0.0) -> None:
        super().__init__()
        self.task = task
        self.auxiliary = auxiliary

    def _each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if self.task == "regression":
            return (outputs[:, 0] - targets) ** 2
        return nn.functional.cross_entropy(outputs, targets, reduction="none")

    def forward(self, found: dict[str, Tensor], targets: Tensor) -> Tensor:
        """Return the loss as one number.

        `found` holds the ``outputs``, ``(n, k)``. If each modality has outputs of its own, `found` also holds these as
        ``decisions``, ``(n, modalities, k)``. It then holds ``available``, ``(n, modalities)``, too: a mask of the
        modalities that each row has.
        """
        loss = self._each(found["outputs"], targets).mean()
        if not self.auxiliary or "decisions" not in found:
            return loss
        own = torch.stack([self._each(d, targets) for d in found["decisions"].unbind(1)], dim=1)
        available = found["available"].to(own.dtype)
        return loss + self.auxiliary * (own * available).sum() / available.sum().clamp_min(1)


class IntermediateNet(nn.Module):
    """One encoder per modality, merged in a hidden layer; each modality also has an output of its own."""

    def __init__(self, widths: Widths, outputs: int, hidden: int, dropout: float, encoder: str) -> None:
        super().__init__()
        self.encoders = nn.ModuleList([Encoder(p, d, hidden, dropout, encoder) for p, d in widths])
        self.decisions = nn.ModuleList([nn.Linear(hidden, outputs) for _ in widths])
        self.missing = nn.Parameter(torch.zeros(len(widths), hidden))
        self.head = FeedForward(len(widths) * hidden, outputs, hidden, 1, dropout)

    def forward(
        self, available: Tensor, summaries: list[Tensor], steps: list[Tensor], masks: list[Tensor], **_: list[Tensor]
    ) -> dict[str, Tensor]:
        """Return ``outputs`` ``(n, k)``, ``decisions`` ``(n, modalities, k)``, and ``available`` as given."""
        parts = zip(self.encoders, summaries, steps, masks, strict=True)
        encoded = torch.stack([encoder(s, x, mask) for encoder, s, x, mask in parts], dim=1)
        decisions = [decide(part) for decide, part in zip(self.decisions, encoded.unbind(1), strict=True)]
        filled = torch.where(available.unsqueeze(-1), encoded, self.missing)
        return {
            "outputs": self.head(filled.flatten(1)),
            "decisions": torch.stack(decisions, dim=1),
            "available": available,
        }


class TransformerNet(nn.Module):
    """Self-attention over the tokens of all modalities and one output token, from which the output is computed."""

    def __init__(self, widths: Widths, outputs: int, hidden: int, dropout: float, layers: int) -> None:
        super().__init__()
        self.tokens = Tokens(widths, hidden)
        self.output_token = nn.Parameter(0.1 * torch.randn(hidden))
        self.layers = nn.ModuleList([TransformerLayer(hidden, dropout) for _ in range(layers)])
        self.normal = nn.LayerNorm(hidden)
        self.head = FeedForward(hidden, outputs, hidden, 1, dropout)

    def forward(
        self, available: Tensor, summaries: list[Tensor], steps: list[Tensor], masks: list[Tensor], times: list[Tensor]
    ) -> dict[str, Tensor]:
        """Return ``outputs`` ``(n, k)``."""
        tokens = self.tokens(available, summaries, steps, masks, times)
        x = torch.cat([self.output_token.expand(len(available), 1, -1), *(items for items, _ in tokens)], dim=1)
        mask = torch.cat([available.new_ones(len(available), 1), *(seen for _, seen in tokens)], dim=1)
        for layer in self.layers[:-1]:
            x = layer(x, x, mask)
        x = self.layers[-1](x[:, :1], x, mask)  # only the output token of the last layer is read
        return {"outputs": self.head(self.normal(x[:, 0]))}


class ModalityAttentionNet(nn.Module):
    """Attention over the steps of each modality, then attention over the modalities."""

    def __init__(self, widths: Widths, outputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.summary = nn.ModuleList([nn.Linear(max(p, 1), hidden) for p, _ in widths])
        self.steps = nn.ModuleList(
            [
                nn.Sequential(nn.Linear(max(d, 1), hidden), nn.ReLU(), StepDropout(dropout), nn.Linear(hidden, hidden))
                for _, d in widths
            ]
        )
        self.pooling = nn.ModuleList([AttentionPooling(hidden) for _ in widths])
        self.merge = nn.ModuleList([nn.Sequential(nn.ReLU(), nn.Linear(hidden, hidden)) for _ in widths])
        self.normal = nn.LayerNorm(
            hidden
        )  # gives all modalities the same norm, so that only weights set their influence
        self.choose = AttentionPooling(hidden)
        self.head = FeedForward(hidden, outputs, hidden, 1, dropout)
        self.dropout = nn.Dropout(dropout)
        self.widths = widths

    def forward(
        self, available: Tensor, summaries: list[Tensor], steps: list[Tensor], masks: list[Tensor], **_: list[Tensor]
    ) -> dict[str, Tensor | list[Tensor]]:
        """Return ``outputs`` ``(n, k)``, ``weights`` ``(n, modalities)`` and ``steps``.

        ``steps`` holds the weights of each modality's steps, ``(n, steps)``.
        """
        vectors, step_weights = [], []
        for m, (p, d) in enumerate(self.widths):
            vector = self.summary[m](summaries[m]) if p else 0.0
            weights = masks[m].to(self.normal.weight.dtype)
            if d:
                pooled, weights = self.pooling[m](self.steps[m](steps[m]), masks[m])
                vector = vector + pooled
            vectors.append(self.normal(self.merge[m](vector)))
            step_weights.append(weights)
        fused, weights = self.choose(self.dropout(torch.stack(vectors, dim=1)), available)
        return {"outputs": self.head(fused), "weights": weights, "steps": step_weights}


class CrossModalNet(nn.Module):
    """The tokens of each modality attend to those of every other modality, or to themselves if there is no other."""

    def __init__(self, widths: Widths, outputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        count = len(widths)
        self.tokens = Tokens(widths, hidden)
        self.pairs = [(a, b) for a in range(count) for b in range(count)]
        self.attending = nn.ModuleList([TransformerLayer(hidden, dropout) for _ in self.pairs])
        self.pooling = nn.ModuleList([AttentionPooling(hidden) for _ in self.pairs])
        self.start = nn.Parameter(torch.zeros(hidden))
        self.normal = nn.LayerNorm(hidden)
        self.head = FeedForward(hidden, outputs, hidden, 1, dropout)

    def forward(
        self, available: Tensor, summaries: list[Tensor], steps: list[Tensor], masks: list[Tensor], times: list[Tensor]
    ) -> dict[str, Tensor]:
        """Return ``outputs`` ``(n, k)``."""
        tokens = self.tokens(available, summaries, steps, masks, times)
        alone = available.sum(dim=1) == 1
        total, count = self.start.expand(len(available), -1), self.start.new_zeros(len(available), 1)
        for place, (a, b) in enumerate(self.pairs):
            rows = torch.nonzero(available[:, a] & (alone if a == b else available[:, b])).squeeze(1)
            if not len(rows):
                continue
            (queries, query_mask), (keys, key_mask) = tokens[a], tokens[b]
            found = self.attending[place](queries[rows], keys[rows], key_mask[rows])
            total = total.index_add(0, rows, self.pooling[place](found, query_mask[rows])[0])
            count = count.index_add(0, rows, count.new_ones(len(rows), 1))
        return {"outputs": self.head(self.normal(total / count.clamp_min(1)))}


class FusedSequenceNet(nn.Module):
    """Self-attention over one sequence that joins all modalities step by step, followed by attention pooling."""

    def __init__(self, widths: Widths, outputs: int, hidden: int, dropout: float, layers: int) -> None:
        super().__init__()
        self.summary = nn.ModuleList([nn.Linear(max(p, 1), hidden) for p, _ in widths])
        self.steps = nn.ModuleList([nn.Linear(max(d, 1), hidden) for _, d in widths])
        self.missing = nn.Parameter(torch.zeros(len(widths), hidden))
        self.time = TimeEmbedding(hidden)
        self.layers = nn.ModuleList([TransformerLayer(hidden, dropout) for _ in range(layers)])
        self.normal = nn.LayerNorm(hidden)
        self.pooling = AttentionPooling(hidden)
        self.head = FeedForward(hidden, outputs, hidden, 1, dropout)
        self.widths = widths

    def forward(
        self, available: Tensor, summaries: list[Tensor], steps: list[Tensor], mask: Tensor
    ) -> dict[str, Tensor]:
        """Return ``outputs`` ``(n, k)`` and ``weights`` ``(n, steps)``."""
        x = self.time(torch.arange(mask.shape[1], dtype=self.missing.dtype).expand(mask.shape))
        for m, (p, d) in enumerate(self.widths):
            own = self.summary[m](summaries[m]).unsqueeze(1) if p else 0.0
            own = own + self.steps[m](steps[m]) if d else own
            x = x + torch.where(available[:, m, None, None], own, self.missing[m])
        for layer in self.layers:
            x = layer(x, x, mask)
        pooled, weights = self.pooling(self.normal(x), mask)
        return {"outputs": self.head(pooled), "weights": weights}


class SequenceNet(nn.Module):
    """An LSTM over one sequence; its encoding is concatenated with a summary before the head."""

    def __init__(self, steps: int, summary: int, outputs: int, hidden: int, dropout: float, pooling: str) -> None:
        super().__init__()
        self.lstm = Recurrent(steps, hidden, pooling)
        self.summary = nn.Sequential(nn.Linear(summary, hidden), nn.ReLU()) if summary else None
        self.head = nn.Sequential(
            nn.Dropout(dropout), FeedForward(hidden * (1 + bool(summary)), outputs, hidden, 1, dropout)
        )

    def forward(self, steps: Tensor, mask: Tensor, summary: Tensor) -> dict[str, Tensor]:
        """Return ``outputs`` ``(n, k)``."""
        state = self.lstm(steps, mask)
        if self.summary is not None:
            state = torch.cat([state, self.summary(summary)], dim=1)
        return {"outputs": self.head(state)}


class SpectrogramNet(nn.Module):
    """Convolutions over time and frequency, followed by the mean and the maximum over time."""

    def __init__(self, bands: int, outputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        channels = (1, 12, 24, hidden)
        self.layers = nn.ModuleList([nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(channels)])
        for _ in self.layers:
            bands = (bands + 1) // 2
        self.frame = nn.Sequential(nn.Dropout(dropout), nn.Linear(hidden * bands, hidden), nn.ReLU())
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * hidden, outputs))

    def forward(self, frames: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Return ``outputs`` ``(n, k)`` for spectrograms ``(n, frames, bands)``."""
        x = frames.unsqueeze(1)
        for layer in self.layers:
            mask = mask[:, ::2]
            x = torch.relu(layer(x)) * mask[:, None, :, None]  # padding stays 0
        steps = self.frame(x.transpose(1, 2).flatten(2)) * mask.unsqueeze(-1)
        return {"outputs": self.head(torch.cat([masked_mean(steps, mask), steps.amax(dim=1)], dim=1))}


class Denoiser(nn.Module):
    """An autoencoder with a small linear bottleneck."""

    def __init__(self, width: int, hidden: int, components: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, components))
        self.decoder = nn.Sequential(nn.Linear(components, hidden), nn.Tanh(), nn.Linear(hidden, width))

    def forward(self, input: Tensor) -> dict[str, Tensor]:
        """Return the ``code``, and the ``outputs``: the input as reconstructed from the code."""
        code = self.encoder(input)
        return {"code": code, "outputs": self.decoder(code)}


class ReconstructionLoss(nn.Module):
    """Mean squared error of an autoencoder's reconstruction."""

    def forward(self, found: dict[str, Tensor], targets: Tensor) -> Tensor:
        """Return the mean squared difference between the reconstruction, ``found["outputs"]``, and `targets`."""
        return nn.functional.mse_loss(found["outputs"], targets)
