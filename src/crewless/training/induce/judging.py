"""What only judgement gives: which of the texts on the way tells the answer, and learning it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import comb

import numpy as np

from crewless.policy.judgement import Judgement
from crewless.policy.sentences import embed
from crewless.policy.texts import are_prose
from crewless.training.fit_judgement import fit_judgement, fit_vectors

_MOST_TEXTS = 14
_CHANCE = 0.05
"""A few words tell something where guessing the commonest answer would be right as often with less than this probability."""


def best_text(texts: Mapping[str, Mapping[int, str]], answers: Mapping[int, str]) -> str | None:
    """The name of the text from which the answers follow best, each text judged by the others; None: there is no
    text, or only a few words each that tell no more than chance.

    Args:
        texts: by name, of each demonstration one.
        answers: of each demonstration one.
    """
    order = sorted(answers)
    longest = sorted(texts, key=lambda name: -sum(len(texts[name][d]) for d in order))[:_MOST_TEXTS]
    labels = [(answers[d],) for d in order]
    commonest = Counter(answers.values()).most_common(1)[0][1]
    best: tuple[float, float, str] | None = None
    for name in longest:
        if len({texts[name][d] for d in order}) < 2:
            continue
        judgement = fit_vectors(embed([texts[name][d] for d in order]), labels)
        right = float(judgement.held_out_right.mean())
        sure = float(np.where(judgement.held_out_right, judgement.held_out_scores, -judgement.held_out_scores).mean())
        if best is None or (right, sure) > best[:2]:
            best = right, sure, name
    if best is None:
        return None
    name, right = best[2], round(best[0] * len(order))
    # That a text does not tell the answer yet may be for want of demonstrations.
    prose = are_prose([texts[name][d] for d in order])
    chance = _by_chance(right, len(order), commonest / len(order)) * len(longest)
    return name if prose or chance <= _CHANCE else None


def _by_chance(right: int, count: int, share: float) -> float:
    """The probability that as many or more of ``count`` guesses are right, each with the probability ``share`` (binomial)."""
    return sum(comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(right, count + 1))


def judgements_of(
    judged: Mapping[str, Sequence[tuple[str, str]]], archive: Sequence[tuple[str, str]] = ()
) -> dict[str, Judgement]:
    """Learn each judgement from its texts and answers.

    Args:
        judged: by name.
        archive: texts and answers of cases that were solved before; they serve a job that judges one thing.
    """
    more = list(archive) if len(judged) == 1 else []
    found: dict[str, Judgement] = {}
    for name, cases in judged.items():
        solved = [(text, (answer,)) for text, answer in (*cases, *more) if text.strip()]
        if solved:
            found[name] = fit_judgement([text for text, _ in solved], [answer for _, answer in solved])
    return found
