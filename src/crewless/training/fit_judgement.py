"""Learning which answer belongs to which text. Everything that is chosen is chosen by leave-one-out cross-validation."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from crewless.core.errors import BadInput
from crewless.policy.judgement import Judgement, kernel, log_neighbours, never_shown, normalised
from crewless.policy.sentences import embed
from crewless.policy.texts import plain

GAMMAS = (1.5, 2.0, 3.0, 4.0)
RIDGES = (0.03, 0.1, 0.3)
SHARES = (0.0, 0.3, 0.6)
SLOPES = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 13.0, 17.0)


def fit_judgement(texts: Sequence[str], judgements: Sequence[tuple[str, ...]]) -> Judgement:
    """Learn from solved cases. There is no randomness in it. A case that repeats another, text and answer, counts once.

    Args:
        texts: of the cases.
        judgements: of the cases, one value a choice.

    Raises:
        BadInput: there is no solved case, or the lengths differ.
        MissingTool: the sentence model is not installed.
    """
    if not texts or len(texts) != len(judgements):
        raise BadInput(
            f"{len(texts)} texts with {len(judgements)} judgements", alternatives=["at least one solved case"]
        )
    # two equal texts would vouch for each other, and the promise would be made on the memory of them
    once = {(plain(t), j): t for t, j in zip(texts, judgements, strict=True)}
    return fit_vectors(embed(list(once.values())), [j for _, j in once])


def fit_vectors(vectors: np.ndarray, judgements: Sequence[tuple[str, ...]]) -> Judgement:
    """:func:`fit_judgement` with the unit vectors of distinct texts at hand. Shape of ``vectors``: (n, d)."""
    classes = tuple(sorted(set(judgements)))
    labels = np.array([classes.index(j) for j in judgements])
    count, size = len(classes), len(labels)
    answers = np.eye(count)[labels] - 1.0 / count
    asks = np.array([never_shown(answer) for answer in classes])
    cosines = vectors.astype(np.float64) @ vectors.T
    others = cosines.copy()
    np.fill_diagonal(others, -np.inf)
    votes = log_neighbours(others, labels, count)

    best: tuple[float, Judgement] | None = None
    for gamma, ridge in product(GAMMAS, RIDGES):
        inverse = np.linalg.inv(kernel(cosines, gamma) + ridge * np.eye(size))
        duals = inverse @ answers
        left_out = answers - duals / np.diag(inverse)[:, None]
        for share, slope in product(SHARES, SLOPES):
            probability = normalised(slope * left_out + share * votes)
            loss = float(-np.log(probability[np.arange(size), labels] + 1e-9).mean())
            if best is None or loss < best[0]:
                best = loss, Judgement(
                    classes=classes, examples=vectors, labels=labels, duals=duals, gamma=gamma, slope=slope, share=share,
                    held_out_scores=probability.max(axis=1),
                    held_out_right=(probability.argmax(axis=1) == labels) | asks[probability.argmax(axis=1)],
                    held_out_nearest=others.max(axis=1) if size > 1 else np.ones(size),
                )  # fmt: skip
    assert best is not None
    return best[1]
