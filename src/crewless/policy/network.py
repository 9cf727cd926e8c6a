"""The skill's network, forward only, in numpy: a small pre-norm transformer over a screen token, what was done, the slots,
the literals and the elements (Vaswani et al. 2017; pre-norm: Xiong et al. 2020; pointing: Vinyals et al. 2015).

One decision over 110 elements costs a few CPU ms, so that a deployed worker needs no deep-learning framework.
``crewless.training.torch_network`` is the same network in torch; a test keeps both equal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crewless.policy.features import Inputs
from crewless.policy.texts import grams


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkConfig:
    """Sizes of the network."""

    width: int = 96
    layers: int = 3
    heads: int = 4
    hidden: int = 192
    """Width of the feed-forward part."""
    text_width: int = 40
    """Length of an n-gram's vector."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """Unnormalised log-probabilities."""

    verb: np.ndarray
    """Shape: (len(VERBS),)."""
    key: np.ndarray
    """Shape: (len(KEYS) + SPARE_KEYS,)."""
    scroll: np.ndarray
    """Shape: (len(SCROLLS),)."""
    aim: np.ndarray
    """Shape: (2,): type where the focus is, or into the element that is pointed at."""
    element: np.ndarray
    """Shape: (n,)."""
    source: np.ndarray
    """Shape: (s + l,): slots, then literals."""


class SkillNetwork:
    """Weights and the forward pass.

    Args:
        weights: arrays by name, as ``crewless.training.torch_network`` names them.
        config: sizes that the weights have.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], config: NetworkConfig) -> None:
        self._w = {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in weights.items()}
        self.config = config
        self._vectors: dict[str, np.ndarray] = {}

    def __call__(self, inputs: Inputs) -> Scores:
        """Score every alternative of one decision."""
        w = self._w
        slots, literals = len(inputs.slot_names), len(inputs.literals)
        tokens = np.concatenate(
            [
                self._linear("screen", inputs.screen[None]),
                self._tokens("history", inputs.history, inputs.history_texts, inputs.history_labels),
                self._tokens("slots", inputs.slots, inputs.slot_names, inputs.slot_values),
                self._texts(inputs.literals) @ w["literals.weight"].T + w["literals.bias"],
                self._tokens("elements", inputs.elements, inputs.element_texts, inputs.element_labels),
            ]
        )
        for layer in range(self.config.layers):
            tokens = self._layer(f"layers.{layer}", tokens)
        tokens = self._norm("norm", tokens)
        first = 1 + len(inputs.history_texts)
        screen = tokens[:1]
        source = self._point("source", screen, tokens[first : first + slots + literals])
        element = self._point("element", screen, tokens[first + slots + literals :])
        return Scores(
            verb=self._linear("verb", screen)[0],
            key=self._linear("key", screen)[0],
            scroll=self._linear("scroll", screen)[0],
            aim=self._linear("aim", screen)[0],
            element=element,
            source=source,
        )

    def _linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self._w[f"{name}.weight"].T + self._w[f"{name}.bias"]

    def _norm(self, name: str, x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = 1.0 / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + 1e-5)
        return centred * scale * self._w[f"{name}.weight"] + self._w[f"{name}.bias"]

    def _layer(self, name: str, x: np.ndarray) -> np.ndarray:
        heads, width = self.config.heads, self.config.width
        size = width // heads
        mixed = self._linear(f"{name}.mix", self._norm(f"{name}.norm1", x))
        query, key, value = mixed.reshape(len(x), 3, heads, size).transpose(1, 2, 0, 3)
        weights = softmax(query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(size)))
        attended = (weights @ value).transpose(1, 0, 2).reshape(len(x), width)
        x = x + self._linear(f"{name}.out", attended)
        hidden = np.maximum(self._linear(f"{name}.up", self._norm(f"{name}.norm2", x)), 0.0)
        return x + self._linear(f"{name}.down", hidden)

    def _point(self, name: str, screen: np.ndarray, keys: np.ndarray) -> np.ndarray:
        query = self._linear(f"{name}_query", screen)
        return (self._linear(f"{name}_key", keys) @ query[0]) / np.float32(np.sqrt(self.config.width))

    def _tokens(self, name: str, numbers: np.ndarray, texts: Sequence[str], labels: Sequence[str]) -> np.ndarray:
        w = self._w
        return (
            self._linear(name, numbers)
            + self._texts(texts) @ w[f"{name}_text.weight"].T
            + self._texts(labels) @ w[f"{name}_label.weight"].T
        )

    def _texts(self, texts: Sequence[str]) -> np.ndarray:
        if not texts:
            return np.zeros((0, self.config.text_width), dtype=np.float32)
        if len(self._vectors) > 20000:
            self._vectors.clear()
        for text in texts:
            if text not in self._vectors:
                rows = grams(text)
                table = self._w["grams.weight"]
                self._vectors[text] = (
                    table[list(rows)].mean(axis=0) if rows else np.zeros(self.config.text_width, dtype=np.float32)
                )
        return np.stack([self._vectors[text] for text in texts])


def softmax(x: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)
