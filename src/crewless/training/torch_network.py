"""The skill's network in torch; the forward pass is that of ``crewless.policy.network``."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from crewless.policy.features import (
    ELEMENT_NUMBERS,
    GLOBAL_NUMBERS,
    HISTORY_NUMBERS,
    KEYS,
    SCROLLS,
    SLOT_NUMBERS,
    SPARE_KEYS,
    VERBS,
    Inputs,
)
from crewless.policy.network import NetworkConfig
from crewless.policy.texts import BUCKETS, grams


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Inputs of several decisions, padded. b decisions, n elements, h past actions, s slots, l literals, u texts."""

    grams: torch.Tensor
    """All n-grams of the batch's distinct texts, one after another, int64."""
    starts: torch.Tensor
    """Shape: (u,): where each text's n-grams begin. Text 0 is the empty one."""
    numbers: dict[str, torch.Tensor]
    """elements (b, n, ...), history (b, h, ...), slots (b, s, ...), screen (b, ...), float32."""
    texts: dict[str, torch.Tensor]
    """Indices of texts: elements_text, elements_label (b, n), history_* (b, h), slots_* (b, s), literals (b, l)."""
    mask: torch.Tensor
    """Shape: (b, 1 + h + s + l + n), bool: the token is there."""

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """h, s, l, n."""
        return (
            self.numbers["history"].shape[1], self.numbers["slots"].shape[1],
            self.texts["literals"].shape[1], self.numbers["elements"].shape[1],
        )  # fmt: skip


def collate(samples: Sequence[Inputs]) -> Batch:
    """Pad decisions to a common size."""
    table: dict[str, int] = {"": 0}

    def index(rows: Sequence[Sequence[str]], size: int) -> torch.Tensor:
        out = np.zeros((len(rows), size), dtype=np.int64)
        for i, row in enumerate(rows):
            for j, text in enumerate(row):
                out[i, j] = table.setdefault(text, len(table))
        return torch.from_numpy(out)

    def pad(rows: Sequence[np.ndarray], size: int, width: int) -> torch.Tensor:
        out = np.zeros((len(rows), size, width), dtype=np.float32)
        for i, row in enumerate(rows):
            out[i, : len(row)] = row
        return torch.from_numpy(out)

    h = max(len(s.history_texts) for s in samples)
    k = max(len(s.slot_names) for s in samples)
    m = max(len(s.literals) for s in samples)
    n = max(len(s.element_texts) for s in samples)
    texts = {
        "elements_text": index([s.element_texts for s in samples], n),
        "elements_label": index([s.element_labels for s in samples], n),
        "history_text": index([s.history_texts for s in samples], h),
        "history_label": index([s.history_labels for s in samples], h),
        "slots_text": index([s.slot_names for s in samples], k),
        "slots_label": index([s.slot_values for s in samples], k),
        "literals": index([s.literals for s in samples], m),
    }
    numbers = {
        "elements": pad([s.elements for s in samples], n, ELEMENT_NUMBERS),
        "history": pad([s.history for s in samples], h, HISTORY_NUMBERS),
        "slots": pad([s.slots for s in samples], k, SLOT_NUMBERS),
        "screen": torch.from_numpy(np.stack([s.screen for s in samples])),
    }
    mask = np.zeros((len(samples), 1 + h + k + m + n), dtype=bool)
    for i, s in enumerate(samples):
        mask[i, 0] = True
        at = 1
        for size, room in (
            (len(s.history_texts), h), (len(s.slot_names), k), (len(s.literals), m), (len(s.element_texts), n),
        ):  # fmt: skip
            mask[i, at : at + size] = True
            at += room
    rows = [grams(text) for text in table]
    starts = np.cumsum([0] + [len(row) for row in rows[:-1]])
    flat = [bucket for row in rows for bucket in row]
    return Batch(
        grams=torch.tensor(flat, dtype=torch.int64),
        starts=torch.from_numpy(starts.astype(np.int64)),
        numbers=numbers,
        texts=texts,
        mask=torch.from_numpy(mask),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Logits:
    """As ``crewless.policy.network.Scores``, one row a decision; what is not there is -1e9."""

    verb: torch.Tensor
    key: torch.Tensor
    scroll: torch.Tensor
    aim: torch.Tensor
    element: torch.Tensor
    source: torch.Tensor


class TorchNetwork(nn.Module):
    """The network with gradients."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width, text = config.width, config.text_width
        self.grams = nn.EmbeddingBag(BUCKETS, text, mode="mean")
        nn.init.normal_(self.grams.weight, std=0.5)
        self.screen = nn.Linear(GLOBAL_NUMBERS, width)
        self.literals = nn.Linear(text, width)
        for name, numbers in (("history", HISTORY_NUMBERS), ("slots", SLOT_NUMBERS), ("elements", ELEMENT_NUMBERS)):
            setattr(self, name, nn.Linear(numbers, width))
            setattr(self, f"{name}_text", nn.Linear(text, width, bias=False))
            setattr(self, f"{name}_label", nn.Linear(text, width, bias=False))
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.verb = nn.Linear(width, len(VERBS))
        self.key = nn.Linear(width, len(KEYS) + SPARE_KEYS)
        self.scroll = nn.Linear(width, len(SCROLLS))
        self.aim = nn.Linear(width, 2)
        for name in ("source", "element"):
            setattr(self, f"{name}_query", nn.Linear(width, width))
            setattr(self, f"{name}_key", nn.Linear(width, width))

    def forward(self, batch: Batch) -> Logits:
        """Score every alternative of every decision."""
        vectors = self.grams(batch.grams, batch.starts)
        tokens = [self.screen(batch.numbers["screen"])[:, None]]
        for name in ("history", "slots"):
            tokens.append(self._tokens(name, batch, vectors))
        tokens.append(self.literals(vectors[batch.texts["literals"]]))
        tokens.append(self._tokens("elements", batch, vectors))
        x = torch.cat(tokens, dim=1)
        for layer in self.layers:
            x = layer(x, batch.mask)
        x = self.norm(x)
        h, s, m, _ = batch.sizes
        screen = x[:, :1]
        return Logits(
            verb=self.verb(screen)[:, 0],
            key=self.key(screen)[:, 0],
            scroll=self.scroll(screen)[:, 0],
            aim=self.aim(screen)[:, 0],
            element=self._point("element", screen, x, batch.mask, 1 + h + s + m, None),
            source=self._point("source", screen, x, batch.mask, 1 + h, 1 + h + s + m),
        )

    def _tokens(self, name: str, batch: Batch, vectors: torch.Tensor) -> torch.Tensor:
        linear, text, label = (getattr(self, f"{name}{part}") for part in ("", "_text", "_label"))
        return (
            linear(batch.numbers[name])
            + text(vectors[batch.texts[f"{name}_text"]])
            + label(vectors[batch.texts[f"{name}_label"]])
        )

    def _point(
        self, name: str, screen: torch.Tensor, x: torch.Tensor, mask: torch.Tensor, start: int, stop: int | None
    ) -> torch.Tensor:
        query = getattr(self, f"{name}_query")(screen)
        keys = getattr(self, f"{name}_key")(x[:, start:stop])
        scores = (keys @ query.transpose(1, 2))[:, :, 0] / self.config.width**0.5
        return scores.masked_fill(~mask[:, start:stop], -1e9)


class _Layer(nn.Module):
    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(config.width)
        self.mix = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.norm2 = nn.LayerNorm(config.width)
        self.up = nn.Linear(config.width, config.hidden)
        self.down = nn.Linear(config.hidden, config.width)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        b, n, width = x.shape
        query, key, value = (
            self.mix(self.norm1(x)).view(b, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )
        attended = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None])
        x = x + self.out(attended.transpose(1, 2).reshape(b, n, width))
        return x + self.down(torch.relu(self.up(self.norm2(x))))


def weights_of(network: TorchNetwork) -> dict[str, np.ndarray]:
    """Arrays by name, for ``crewless.policy.network.SkillNetwork``."""
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}
