"""What only judgement gives: which of the texts on the way tells the answer, and learning it."""

from collections.abc import Mapping, Sequence

import numpy as np

from crewless.policy.judgement import Judgement
from crewless.policy.sentences import embed
from crewless.training.fit_judgement import fit_judgement, fit_vectors

_MOST_TEXTS = 14


def best_text(texts: Mapping[str, Mapping[int, str]], answers: Mapping[int, str]) -> str | None:
    """The name of the text from which the answers follow best, each text judged by the others; None: there is no text.

    Args:
        texts: by name, of each demonstration one.
        answers: of each demonstration one.
    """
    order = sorted(answers)
    longest = sorted(texts, key=lambda name: -sum(len(texts[name][d]) for d in order))[:_MOST_TEXTS]
    labels = [(answers[d],) for d in order]
    best: tuple[float, float, str] | None = None
    for name in longest:
        if len({texts[name][d] for d in order}) < 2:
            continue
        judgement = fit_vectors(embed([texts[name][d] for d in order]), labels)
        right = float(judgement.held_out_right.mean())
        sure = float(np.where(judgement.held_out_right, judgement.held_out_scores, -judgement.held_out_scores).mean())
        if best is None or (right, sure) > best[:2]:
            best = right, sure, name
    return None if best is None else best[2]


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
