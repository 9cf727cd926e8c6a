"""Which answer belongs to a text, and whether it is sure enough to be given without asking.

The answer is a product of experts over sentence vectors: kernel ridge regression onto the answers (Rifkin, Yeo, Poggio 2003)
with the kernel exp(gamma (cosine - 1)), and a soft nearest-neighbour vote. Whether it is given is decided by conformal risk
control (Angelopoulos, Bates, Fisch, Lei, Schuster 2022, "Conformal Risk Control", theorem 1): with the loss "answered, and
wrong", which is at most 1 and can only fall as the threshold rises, the lowest threshold at which

    (wrong answers among n held-out cases + 1) / (n + 1) <= max_silent_wrong

keeps the expected share of silently wrong cases, among all cases, at most ``max_silent_wrong`` on unseen cases of the same
kind. "Expected" is over the draw of the solved cases too: a single worker can do somewhat worse. With fewer than
1 / max_silent_wrong - 1 cases nothing can be promised, and everything is handed over.

The promise is **approximate**. The theorem asks for held-out cases that the model has not seen; here the scores are
leave-one-out, which uses every label (for kernel ridge regression exactly, without fitting anew: Rifkin, Yeo, Poggio 2003,
section 3.3), and the kernel, its regularisation and the neighbours' share are chosen by the same scores. So the proof does
not carry over word by word; how well the promise is kept is measured (docs, "Benchmarks").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from crewless.core.errors import BadInput
from crewless.policy.sentences import embed

SHARPNESS = 0.07
"""Temperature of the neighbour vote; values between 0.05 and 0.1 make no measurable difference."""
NOVELTY_QUANTILE = 0.02
"""A text whose nearest known text is further away than all but this share of the held-out ones is out of distribution and
handed over."""


NEVER_SHOWN = ""
"""The value, for every choice, of an answer that solved cases got and no recording shows: a person gives it."""


def never_shown(answer: tuple[str, ...]) -> bool:
    """Whether it is that answer, which a worker cannot give."""
    return all(value == NEVER_SHOWN for value in answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What was made of a text."""

    values: tuple[str, ...]
    """One a choice."""
    confidence: float
    """Calibrated probability that it is right, 0 to 1."""
    answered: bool
    """Whether it may be acted upon."""
    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    """The most likely answers with their probabilities."""
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Judgement:
    """Knows solved cases. k classes, n solved cases, d dimensions of a sentence vector."""

    classes: tuple[tuple[str, ...], ...]
    examples: np.ndarray
    """Unit vectors of the solved cases. Shape: (n, d)."""
    labels: np.ndarray
    """Class of each. Shape: (n,)."""
    duals: np.ndarray
    """Dual coefficients of the ridge regression: what each case adds to each class. Shape: (n, k)."""
    gamma: float
    """Width parameter of its kernel."""
    slope: float
    """What its output is multiplied by before it is added to the neighbours' log-shares; calibrates the confidence."""
    share: float
    """Weight of the neighbours' log-shares in the sum."""
    held_out_scores: np.ndarray
    """Confidence in each solved case by a model that had not seen it. Shape: (n,)."""
    held_out_right: np.ndarray
    """Whether that model was right, or would have asked because the answer was never shown. Shape: (n,), bool."""
    held_out_nearest: np.ndarray
    """Cosine of each to its nearest among the others. Shape: (n,)."""

    def threshold(self, max_silent_wrong: float) -> float:
        """The lowest confidence that is acted upon; infinite when nothing can be promised.

        Raises:
            BadInput: ``max_silent_wrong`` is no share.
        """
        return risk_threshold(self.held_out_scores, self.held_out_right, max_silent_wrong)

    def novelty_threshold(self) -> float:
        """Texts whose nearest neighbour has a lower cosine than this are handed over."""
        return float(np.quantile(self.held_out_nearest, NOVELTY_QUANTILE)) if len(self.held_out_nearest) else -1.0

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """Calibrated. Shape: (m, d) to (m, k)."""
        cosines = vectors @ self.examples.T
        ridge = kernel(cosines, self.gamma) @ self.duals
        votes = log_neighbours(cosines, self.labels, len(self.classes))
        return normalised(self.slope * ridge + self.share * votes)

    def judge(self, text: str, *, threshold: float) -> Judged:
        """Judge one text; it is answered when the confidence reaches the threshold and the text is not out of distribution."""
        if not text.strip():
            return Judged(
                values=("",) * len(self.classes[0]), confidence=0.0, answered=False, why="there is no text to judge"
            )
        vector = embed([text])
        probability = self.probabilities(vector)[0]
        if threshold <= 0:
            # Whoever never asks has to choose among the answers that it knows how to give.
            probability = np.where([never_shown(answer) for answer in self.classes], 0.0, probability)
        order = np.argsort(-probability)[:4]
        nearest = float((self.examples @ vector[0]).max())
        best = int(order[0])
        confidence = float(probability[best])
        why = ""
        if never_shown(self.classes[best]):
            why = f"cases like it got an answer that no recording shows: {confidence:.2f}"
        elif confidence < threshold:
            why = f"not sure of the answer: {confidence:.2f}, below {threshold:.2f}"
        elif np.isfinite(threshold) and threshold > 0 and nearest < self.novelty_threshold():
            why = f"the text is unlike every text it has learnt from: nearest {nearest:.2f}, below {self.novelty_threshold():.2f}"
        return Judged(
            values=self.classes[best],
            confidence=confidence,
            answered=not why,
            scores={
                " / ".join(filter(None, self.classes[int(i)])) or "another answer": round(float(probability[i]), 4)
                for i in order
            },
            why=why,
        )


def risk_threshold(scores: np.ndarray, right: np.ndarray, max_silent_wrong: float) -> float:
    """Conformal risk control, as the module says; ties of a score are answered or handed over together."""
    check_share(max_silent_wrong)
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    wrong = np.cumsum(~right[order])
    last_of_tie = np.append(sorted_scores[1:] != sorted_scores[:-1], True) if len(scores) else np.zeros(0, dtype=bool)
    allowed = np.flatnonzero(last_of_tie & (wrong + 1 <= max_silent_wrong * (len(scores) + 1)))
    return float(sorted_scores[allowed[-1]]) if len(allowed) else float("inf")


def check_share(max_silent_wrong: float) -> None:
    """Raises BadInput when nothing can be promised for that share of cases: 0 and below, 1 and above, not a number."""
    if not 0 < max_silent_wrong < 1:
        raise BadInput(
            f"{max_silent_wrong} is not a valid share of cases that may be wrong",
            alternatives=["more than 0 and less than 1, such as 0.02"],
        )


def kernel(cosines: np.ndarray, gamma: float) -> np.ndarray:
    """exp(gamma (cosine - 1)): for unit vectors a Gaussian kernel, 1 for equal ones."""
    return np.exp(gamma * (cosines - 1.0))


def log_neighbours(cosines: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Log-shares of a vote in which each example weighs exp(cosine / ``SHARPNESS``). Shape: (m, n) to (m, count)."""
    votes = np.exp((cosines - 1.0) / SHARPNESS)
    shares = votes @ np.eye(count, dtype=votes.dtype)[labels] + 1e-9
    return np.log(shares / shares.sum(axis=1, keepdims=True))


def normalised(logs: np.ndarray) -> np.ndarray:
    """Softmax along the last axis."""
    raised = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)
