"""How often the judgement is right, and how often silently wrong, over the number of solved cases it has learnt from.

python -m benchmarks.judgement [--data FOLDER] [--teams TABLE.toml]

``FOLDER`` holds ``train.csv`` and ``dev.csv`` (columns text, category); the teams say which of them answers each category.
Everything is chosen by cross-validation within the labelled part of train; dev is only reported.
"""

import argparse
import csv
import random
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.report import report
from crewless.core.errors import CrewlessError
from crewless.policy.sentences import embed
from crewless.tasks.helpdesk.desk import load_desk
from crewless.training.fit_judgement import fit_vectors

DATA = Path(__file__).parents[2] / "shared" / "data" / "banking77"
"""Beside the checkout; Banking77 is not part of it."""
UNRELATED_TEXTS = (
    "What is the weather like in Paris tomorrow?", "Please send me your vegetarian lunch menu.", "asdf qwer zxcv",
    "Congratulations, you have won a prize! Click here.", "My dog ate my homework, can I hand it in on Monday?",
    "We would like to invite you to speak at our conference.", "The printer on the second floor is out of toner.",
    "I am looking for a job as a gardener.", "When does the next train to Hamburg leave?", "Happy birthday, dear colleague!",
    "The meeting room is booked from nine to eleven.", "How many eggs do I need for a pancake?", "Unsubscribe me from this newsletter.",
    "The windows of our house need cleaning.", "Which football team won yesterday?", "I would like to buy a used bicycle.",
)  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--teams", default="banking77", help="built-in teams or a TOML file")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--sizes", type=int, nargs="+", default=[20, 40, 80, 120, 1120])
    given = options.parse_args()
    if missing := [name for name in ("train.csv", "dev.csv") if not (given.data / name).exists()]:
        print(f"judgement: left out, {given.data} holds no {missing[0]}; say where it is with --data")
        return
    desk = load_desk(given.teams)
    teams = {category: team.name for team in desk.teams for category in team.categories}
    (train, train_teams), (dev, dev_teams) = (_rows(given.data / f"{part}.csv", teams) for part in ("train", "dev"))
    start = time.process_time()
    dev_vectors, unlike_vectors = embed(dev), embed(UNRELATED_TEXTS)
    per_text_ms = (time.process_time() - start) / (len(dev) + len(UNRELATED_TEXTS)) * 1e3
    rows = []
    for size in given.sizes:
        for seed in range(given.seeds):
            chosen = random.Random(seed).sample(range(len(train)), size)
            texts, truth = [train[i] for i in chosen], [(train_teams[i],) for i in chosen]
            vectors = embed(texts)
            start = time.process_time()
            judgement = fit_vectors(vectors, truth)
            fit_s = time.process_time() - start
            probability, threshold = judgement.probabilities(dev_vectors), judgement.threshold(0.02)
            right = np.array(
                [judgement.classes[i] == (t,) for i, t in zip(probability.argmax(1), dev_teams, strict=True)]
            )
            near = (dev_vectors @ judgement.examples.T).max(1) >= judgement.novelty_threshold()
            sure = (probability.max(1) >= threshold) & near
            unlike = judgement.probabilities(unlike_vectors).max(1) >= threshold
            unlike &= (unlike_vectors @ judgement.examples.T).max(1) >= judgement.novelty_threshold()
            rows.append({
                "labels": size, "seed": seed, "never_abstaining": float(right.mean()), "answered_right": float((sure & right).mean()),
                "silent_wrong": float((sure & ~right).mean()), "strangers_answered": float(unlike.mean()), "fit_cpu_s": fit_s,
                **_baselines(judgement, dev_vectors, dev_teams),
            })  # fmt: skip
    measured = [name for name in rows[0] if name not in ("labels", "seed")]
    means = [
        {"labels": size, **{name: float(np.mean([r[name] for r in rows if r["labels"] == size])) for name in measured}}
        for size in given.sizes
    ]
    notes = [
        f"{given.data.name}, teams {desk.name}: {len(dev)} texts, {len(set(dev_teams))} teams; mean of {given.seeds} seeds",
        f"sentence vectors {per_text_ms:.1f} CPU ms a text",
    ]
    report("judgement", means, ("labels", *measured), notes)


def _baselines(judgement: object, vectors: np.ndarray, teams: list[str]) -> dict[str, float]:
    classes, examples, labels = judgement.classes, judgement.examples, judgement.labels  # type: ignore[attr-defined]
    truth = np.array([classes.index((t,)) if (t,) in classes else -1 for t in teams])
    nearest = labels[(vectors @ examples.T).argmax(1)]
    centres = np.stack([examples[labels == k].mean(0) for k in range(len(classes))])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    regression = LogisticRegression(C=10.0, max_iter=400).fit(examples, labels).predict(vectors)
    return {
        "nearest": float((nearest == truth).mean()),
        "centroid": float(((vectors @ centres.T).argmax(1) == truth).mean()),
        "regression": float((regression == truth).mean()),
    }


def _rows(path: Path, teams: dict[str, str]) -> tuple[list[str], list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["category"] in teams]
    return [r["text"] for r in rows], [teams[r["category"]] for r in rows]


if __name__ == "__main__":
    try:
        main()
    except CrewlessError as error:
        raise SystemExit(str(error)) from error
