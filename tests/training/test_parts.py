"""Facts about what is found in demonstrations, and about the network."""

import random
from unittest.mock import patch

import numpy as np
import pytest
import torch

from crewless.core.errors import BadInput
from crewless.policy.judgement import NEVER_SHOWN, Judgement
from crewless.policy.network import NetworkConfig, SkillNetwork
from crewless.policy.workflow import Choice, outcome_text, read_text
from crewless.training.choices import read_demonstrations
from crewless.training.fit_judgement import fit_vectors
from crewless.training.imitation import samples_of, trails_of
from crewless.training.pretrain import perform, random_job
from crewless.training.torch_network import TorchNetwork, collate, weights_of

from .desk import TEAMS, demonstrate, tickets


@pytest.mark.parametrize("count", [8, 20, 40])
def test_choices_text_and_outcome_are_found_exactly(count: int) -> None:
    seen = tickets(count, seed=5)
    reading = read_demonstrations([demonstrate(t, seen[:14]) for t in seen])
    teams = {t.team for t in seen}
    workflow = reading.workflow
    assert [(c.name, set(c.values)) for c in workflow.choices] == [
        ("Use a Pre-set Reply", {f"Reply {t}" for t in teams}),
        ("New Status", {TEAMS[t][0] for t in teams}),
        ("Queue", teams),
    ]
    assert reading.judgements == tuple((f"Reply {t.team}", t.status, t.team) for t in seen)
    assert reading.texts == tuple(t.description for t in seen)
    assert (workflow.outcome_label, workflow.outcome_choice) == ("queue", 2)
    assert workflow.outcomes == {t: (f"Reply {t}", TEAMS[t][0], t) for t in teams}
    assert [(c.text, c.needs) for c in workflow.commits] == [("update ticket details", (0, 1)), ("save", (0, 1, 2))]


def test_misread_answers_make_no_new_answers() -> None:
    seen = tickets(20, seed=5)
    demonstrations = [demonstrate(t, seen[:14]) for t in seen]
    choice: Choice = read_demonstrations(demonstrations).workflow.choices[0]
    assert len(choice.values) == len({t.team for t in seen})


def test_one_demonstration_is_refused() -> None:
    seen = tickets(1, seed=5)
    with pytest.raises(BadInput, match=r"1 demonstration\(s\) do not show what varies"):
        read_demonstrations([demonstrate(t, seen) for t in seen])


def test_outcome_is_read_from_the_last_screen() -> None:
    seen = tickets(10, seed=6)
    demonstrations = [demonstrate(t, seen[:14]) for t in seen]
    workflow = read_demonstrations(demonstrations).workflow
    assert [outcome_text(d.last, workflow) for d in demonstrations] == [t.team for t in seen]


def test_the_answer_that_a_finished_case_shows_is_not_its_text() -> None:
    seen = tickets(20, seed=6)
    demonstrations = [demonstrate(t, seen[:14]) for t in seen]
    region = read_demonstrations(demonstrations).workflow.region
    assert "resolution" in region.after
    assert any(e.text == "Resolution" for d in demonstrations for e in d.last.elements)
    read = [read_text(d.last, region, d.case.slots.values()) for d in demonstrations]
    assert read == [t.description for t in seen]


def test_numpy_and_torch_networks_agree() -> None:
    seen = tickets(6, seed=7)
    demonstrations = [demonstrate(t, seen) for t in seen]
    reading = read_demonstrations(demonstrations)
    samples = [s.inputs for t in trails_of(demonstrations, reading) for s in samples_of(t, reading.workflow)][:30]
    torch.manual_seed(0)
    network = TorchNetwork(NetworkConfig()).eval()
    forward = SkillNetwork(weights_of(network), NetworkConfig())
    with torch.no_grad():
        logits = network(collate(samples))
    for i, inputs in enumerate(samples):
        scores = forward(inputs)
        for name in ("verb", "key", "scroll", "aim", "element", "source"):
            mine = getattr(scores, name)
            assert np.allclose(mine, getattr(logits, name)[i, : len(mine)].numpy(), atol=1e-4), name


def test_made_up_jobs_can_be_done() -> None:
    rng = random.Random(3)
    jobs = [random_job(rng) for _ in range(60)]
    done = [perform(job, rng) for job in jobs]
    assert sum(d is not None for d in done) >= 54
    saved = [j.program.effects for j, d in zip(jobs, done, strict=True) if d is not None]
    assert all(len(effects) == 1 for effects in saved)


def _clouds(rng: np.random.Generator, count: int) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    centres = np.random.default_rng(0).normal(size=(6, 24))
    labels = rng.integers(0, 6, count)
    points = centres[labels] + 1.6 * rng.normal(size=(count, 24))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), [(f"t{k}",) for k in labels]


def test_the_promise_holds_on_unseen_cases() -> None:
    silent, answered = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        vectors, labels = _clouds(rng, 120)
        judgement: Judgement = fit_vectors(vectors, labels)
        threshold = judgement.threshold(0.02)
        fresh, truth = _clouds(rng, 1000)
        probability = judgement.probabilities(fresh)
        said = [judgement.classes[i] for i in probability.argmax(axis=1)]
        right = np.array([a == b for a, b in zip(said, truth, strict=True)])
        sure = probability.max(axis=1) >= threshold
        silent.append(float((sure & ~right).mean()))
        answered.append(float(sure.mean()))
    assert float(np.mean(silent)) <= 0.02
    assert float(np.mean(answered)) >= 0.3


def test_an_answer_that_was_never_shown_is_learnt_as_one_to_ask_about() -> None:
    rng = np.random.default_rng(0)
    middles = np.eye(3)
    labels = [("a",), ("b",), (NEVER_SHOWN,)] * 40
    vectors = np.array([middles[i % 3] + rng.normal(scale=0.05, size=3) for i in range(120)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    judgement = fit_vectors(vectors.astype(np.float32), labels)
    assert judgement.held_out_right.all()
    threshold = judgement.threshold(0.02)
    with patch("crewless.policy.judgement.embed", lambda texts: middles[2:].astype(np.float32)):
        asked = judgement.judge("of the third kind", threshold=threshold)
        forced = judgement.judge("of the third kind", threshold=0.0)
    assert not asked.answered
    assert "no recording shows" in asked.why
    assert forced.values in (("a",), ("b",))


def test_a_known_answer_to_a_case_that_was_to_be_asked_about_counts_against_the_promise() -> None:
    # Nothing tells the cases apart, so all get the commoner answer: the 20 that nobody has shown are silently wrong.
    vectors = np.tile(np.float32([1, 0]), (80, 1))
    judgement = fit_vectors(vectors, [("a",) if i % 4 else (NEVER_SHOWN,) for i in range(80)])
    assert (~judgement.held_out_right).sum() == 20
    assert judgement.threshold(0.02) == float("inf")
