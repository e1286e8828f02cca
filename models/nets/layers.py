"""Layers shared by several networks: attention, time embedding, recurrence, and encoders of one modality."""

import math

import torch
from torch import Tensor, nn

from models.errors import ModelError

Widths = list[list[int]]  # per modality: number of columns of its summary and of a step; 0 if it has none

HEADS = 2


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Return softmax weights over the last axis; they are 0 where `mask` is False, even if a whole row is False."""
    weights = torch.softmax(scores.masked_fill(~mask, -1e9), dim=-1) * mask
    return weights / weights.sum(dim=-1, keepdim=True).clamp_min(1e-9)


def masked_mean(steps: Tensor, mask: Tensor) -> Tensor:
    """Return the mean, ``(n, h)``, of ``(n, steps, h)`` over the steps where `mask` is True; 0 if there are none."""
    kept = mask.unsqueeze(-1).to(steps.dtype)
    return (steps * kept).sum(dim=1) / kept.sum(dim=1).clamp_min(1)


class AttentionPooling(nn.Module):
    """A weighted mean of items, with weights computed from their content (Bahdanau et al. 2015; Yang et al. 2016)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1, bias=False))

    def forward(self, items: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weighted means ``(n, h)`` of ``(n, items, h)``, and the weights ``(n, items)``."""
        weights = masked_softmax(self.score(items).squeeze(-1), mask)
        return (weights.unsqueeze(-1) * items).sum(dim=1), weights


class StepDropout(nn.Module):
    """Dropout that drops the same units at all steps of a sequence (Gal & Ghahramani 2016)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, steps: Tensor) -> Tensor:
        """Return the ``(n, steps, h)`` steps after dropout."""
        kept = torch.ones_like(steps[:, :1])
        return steps * nn.functional.dropout(kept, self.share, self.training)


class TransformerLayer(nn.Module):
    """A transformer layer with pre-normalisation: queries attend to keys, then a small network processes each query.

    References
    ----------
    A. Vaswani et al., Attention is all you need, 2017; Y. Tsai et al., Multimodal transformer for unaligned multimodal
    language sequences, 2019 (keys of another modality).
    """

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(hidden, HEADS, batch_first=True)
        self.before, self.between = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.network = nn.Sequential(
            nn.Linear(hidden, 2 * hidden), nn.ReLU(), StepDropout(dropout), nn.Linear(2 * hidden, hidden)
        )

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Return ``(n, q, h)`` queries after they attend to ``(n, s, h)`` keys where the ``(n, s)`` mask is True."""
        blocked = ~mask & mask.any(dim=1, keepdim=True)  # rows without any key are not blocked; the caller ignores them
        normal = self.before(keys)
        found, _ = self.attention(self.before(queries), normal, normal, key_padding_mask=blocked, need_weights=False)
        queries = queries + found
        seen: Tensor = queries + self.network(self.between(queries))
        return seen


class TimeEmbedding(nn.Module):
    """Sines and cosines of times, with periods from 0.25 s to 100 s, mapped linearly to h numbers."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        periods = torch.logspace(math.log10(0.25), 2, hidden // 2)
        self.speeds = nn.Buffer(2 * math.pi / periods, persistent=False)
        self.linear = nn.Linear(hidden // 2 * 2, hidden, bias=False)

    def forward(self, times: Tensor) -> Tensor:
        """Return ``(n, steps, h)`` embeddings of ``(n, steps)`` times in seconds."""
        angles = times.unsqueeze(-1) * self.speeds
        embedded: Tensor = self.linear(torch.cat([angles.sin(), angles.cos()], dim=-1))
        return embedded


class Recurrent(nn.Module):
    """An LSTM that encodes a sequence as the mean of its states, or as its last state (`pooling`: mean or last)."""

    def __init__(self, width: int, hidden: int, pooling: str = "mean") -> None:
        super().__init__()
        self.narrow = nn.Linear(width, hidden) if width > hidden else nn.Identity()  # fewer weights
        self.lstm = nn.LSTM(min(width, hidden), hidden, batch_first=True)
        self.pooling = pooling

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return the ``(n, h)`` encodings of ``(n, steps, d)`` sequences; zeros for rows without steps."""
        states: Tensor = self.lstm(self.narrow(steps))[0]
        if self.pooling == "mean":
            return masked_mean(states, mask)
        last = mask & ~nn.functional.pad(mask[:, 1:], (0, 1))
        return (states * last.unsqueeze(-1)).sum(dim=1)


class Convolutional(nn.Module):
    """Two convolutions over time, followed by the maximum of each filter over time (Kim 2014)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv1d(w, hidden, 3, padding=1) for w in (width, hidden)])

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return the ``(n, h)`` encodings of ``(n, steps, d)`` sequences; zeros for rows without steps."""
        kept, x = mask.unsqueeze(1), steps.transpose(1, 2)
        for layer in self.layers:
            x = torch.relu(layer(x)) * kept  # padding stays 0
        return x.amax(dim=2)


ENCODERS = {"lstm": Recurrent, "cnn": Convolutional}


class Encoder(nn.Module):
    """Encodes the steps and the summary of one modality as h numbers."""

    def __init__(self, summary: int, steps: int, hidden: int, dropout: float, kind: str) -> None:
        super().__init__()
        if kind not in ENCODERS:
            raise ModelError(f"the encoder {kind!r} is unknown: choose from {', '.join(ENCODERS)}")
        self.summary = nn.Linear(summary, hidden) if summary else None
        self.steps = ENCODERS[kind](steps, hidden) if steps else None
        width = hidden * (bool(summary) + bool(steps))
        self.merge = nn.Sequential(nn.LayerNorm(width), nn.Dropout(dropout), nn.Linear(width, hidden), nn.ReLU())

    def forward(self, summary: Tensor, steps: Tensor, mask: Tensor) -> Tensor:
        """Return the ``(n, h)`` encodings."""
        parts = [self.summary(summary)] if self.summary is not None else []
        parts += [self.steps(steps, mask)] if self.steps is not None else []
        merged: Tensor = self.merge(torch.cat(parts, dim=1))
        return merged


class Tokens(nn.Module):
    """Turns each modality into a sequence of tokens of h numbers: its summary, then its steps with their times."""

    def __init__(self, widths: Widths, hidden: int) -> None:
        super().__init__()
        self.summary = nn.ModuleList([nn.Linear(max(p, 1), hidden) for p, _ in widths])
        self.steps = nn.ModuleList([nn.Linear(max(d, 1), hidden) for _, d in widths])
        self.kinds = nn.Parameter(0.1 * torch.randn(len(widths), 2, hidden))  # modality, and summary or step
        self.time = TimeEmbedding(hidden)
        self.widths = widths

    def forward(
        self, available: Tensor, summaries: list[Tensor], steps: list[Tensor], masks: list[Tensor], times: list[Tensor]
    ) -> list[tuple[Tensor, Tensor]]:
        """Return, for each modality, its ``(n, tokens, h)`` tokens and their ``(n, tokens)`` mask."""
        tokens = []
        for m, (p, d) in enumerate(self.widths):
            items = [(self.summary[m](summaries[m]) + self.kinds[m, 0]).unsqueeze(1)] if p else []
            seen = [available[:, m : m + 1]] if p else []
            if d:
                items.append(self.steps[m](steps[m]) + self.kinds[m, 1] + self.time(times[m]))
                seen.append(masks[m])
            tokens.append((torch.cat(items, dim=1), torch.cat(seen, dim=1)))
        return tokens
