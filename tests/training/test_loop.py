"""Closed loop: a worker learnt from recordings of a synthetic desk works tickets that it has not seen."""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from crewless.core.messages import Demonstration, Element, Observation
from crewless.core.policy import Policy
from crewless.policy.archive import ArchiveReader
from crewless.policy.baselines import CoordinateReplay, DoNothing, NearestNeighbour, TextReplay
from crewless.policy.checkpoint import load_checkpoint
from crewless.policy.features import screen_of
from crewless.policy.skill import SkillPolicy, load_policy
from crewless.training.choices import read_demonstrations
from crewless.training.imitation import ImitationConfig
from crewless.training.stages import finetune, refit_judgement

from .desk import TEAMS, Ticket, demonstrate, tickets, work


@pytest.fixture(scope="session")
def recorded() -> tuple[list[Demonstration], list[Ticket]]:
    seen = tickets(30, seed=1)
    return [demonstrate(t, seen[:14]) for t in seen], seen


@pytest.fixture(scope="session")
def trained(recorded: tuple[list[Demonstration], list[Ticket]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    heard: list[float] = []
    out = finetune(
        recorded[0], tmp_path_factory.mktemp("loop") / "skill", config=ImitationConfig(samples=2000), task="desk",
        progress=lambda what, share: heard.append(share),
    )  # fmt: skip
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    return out


@pytest.fixture(scope="session")
def unseen() -> list[Ticket]:
    return tickets(40, seed=99, first=500)


def test_unseen_tickets_are_worked_right(trained: Path, unseen: list[Ticket]) -> None:
    policy = load_policy(trained, abstain=False, task="desk")
    runs = [work(policy, t, unseen[:14]) for t in unseen]
    assert sum(r.done and r.right for r in runs) >= 38
    assert sum(r.done and not r.deed for r in runs) == 0
    assert isinstance(policy, Policy)


@pytest.mark.parametrize(
    "shape",
    [{"top": 28, "infobar": "An infobar moves everything down"}, {"width": 1100}, {"height": 700}, {"height": 900}],
)
def test_another_layout_changes_nothing(trained: Path, unseen: list[Ticket], shape: dict[str, object]) -> None:
    policy = load_policy(trained, abstain=False)
    runs = [work(policy, t, unseen[:14], **shape) for t in unseen[:20]]
    assert sum(r.done and r.deed for r in runs) >= 19
    assert sum(r.done and not r.deed for r in runs) == 0


def test_misread_letters_and_missing_elements_do_no_harm(trained: Path, unseen: list[Ticket]) -> None:
    rng = random.Random(0)

    def spoil(observation: Observation) -> Observation:
        def element(e: Element) -> Element:
            return replace(e, text=e.text.replace("o", "0", 1)) if rng.random() < 0.03 else e

        return replace(observation, elements=tuple(element(e) for e in observation.elements if rng.random() > 0.01))

    policy = load_policy(trained, abstain=False)
    runs = [work(policy, t, unseen[:14], spoil=spoil) for t in unseen[:20]]
    assert sum(r.done and r.deed for r in runs) >= 16
    assert sum(r.done and not r.deed for r in runs) == 0


@pytest.mark.parametrize("step", [0, 3, 4, 5, 6, 8])
def test_an_action_without_effect_is_made_again_and_never_passed_over(
    trained: Path, unseen: list[Ticket], step: int
) -> None:
    policy = load_policy(trained, abstain=False)
    runs = [work(policy, t, unseen[:14], ignore=lambda s: s == step) for t in unseen[:10]]
    assert sum(r.done and r.deed for r in runs) >= 8
    assert sum(r.done and not r.deed for r in runs) == 0


def test_a_slow_page_is_waited_for_and_nothing_is_done_twice(trained: Path, unseen: list[Ticket]) -> None:
    policy = load_policy(trained, abstain=False)
    shown: list[Observation] = []
    late = 0

    def slow(observation: Observation) -> Observation:
        """Whatever changes the screen shows three looks later."""
        nonlocal late
        if shown and screen_of(shown[-1]) != screen_of(observation) and late < 3:
            late += 1
            return shown[-1]
        late = 0
        shown.append(observation)
        return observation

    run = work(policy, unseen[0], unseen[:14], spoil=slow)
    assert run.done
    assert run.right
    deeds = [d.action for d in run.decisions if d.action.verb != "wait"]
    assert [a.text for a in deeds if a.verb == "key"] == ["Return"]
    clicks = [(a.element, a.point) for a in deeds if a.verb == "click"]
    assert all(a != b for a, b in pairwise(clicks))
    assert any(d.action.verb == "wait" for d in run.decisions)


def test_a_dead_program_is_handed_over(trained: Path, unseen: list[Ticket]) -> None:
    policy = load_policy(trained, abstain=False)
    run = work(policy, unseen[0], unseen[:14], ignore=lambda step: step >= 3)
    assert not run.done
    assert policy.touched, "the answer was begun"
    assert len(run.decisions) < 20
    assert run.reason


def test_with_fifty_cases_or_fewer_nothing_can_be_promised_so_all_is_handed_over(
    trained: Path, unseen: list[Ticket]
) -> None:
    policy = load_policy(trained, max_silent_wrong=0.02)
    run = work(policy, unseen[0], unseen[:14])
    assert not run.done
    assert "not sure of the answer" in run.reason
    assert {"type", "key"} <= {d.action.verb for d in run.decisions}, "it went to the ticket"
    assert not policy.touched, "and began no answer, so that the screen need not be opened anew"


def test_decisions_say_why(trained: Path, unseen: list[Ticket]) -> None:
    run = work(load_policy(trained, abstain=False), unseen[0], unseen[:14])
    assert all(d.why and 0 <= d.confidence <= 1 and d.scores for d in run.decisions)


def test_the_archive_is_read_from_solved_tickets(trained: Path, unseen: list[Ticket]) -> None:
    reader = ArchiveReader(load_checkpoint(trained))
    runs = [work(reader, t, unseen[:14], solved=True) for t in unseen[:10]]
    assert all(r.done for r in runs)
    assert reader.collected == [(t.description, t.team) for t in unseen[:10]]


def test_an_outcome_that_no_recording_had_is_read_as_it_stands_and_then_asked_about(
    trained: Path, recorded: tuple[list[Demonstration], list[Ticket]], unseen: list[Ticket], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(TEAMS, "Harbour pilots", next(iter(TEAMS.values())))
    reader = ArchiveReader(load_checkpoint(trained))
    odd = [replace(t, team="Harbour pilots") for t in unseen[:10]]
    assert all(work(reader, t, unseen[10:24], solved=True).done for t in odd)
    assert reader.collected == [(t.description, "Harbour pilots") for t in odd]
    again = load_checkpoint(refit_judgement(trained, recorded[0], reader.collected, tmp_path / "again"))
    assert again.judgement is not None
    judged = again.judgement.judge(odd[0].description, threshold=0.5)
    assert not judged.answered
    assert "no recording shows" in judged.why


def test_baselines_run(recorded: tuple[list[Demonstration], list[Ticket]], unseen: list[Ticket]) -> None:
    demonstrations, _ = recorded
    reading = read_demonstrations(demonstrations)

    def right(policy: Policy) -> int:
        return sum(r.done and r.right for r in [work(policy, t, unseen[:14]) for t in unseen[:10]])

    solved = [*zip(reading.texts, reading.judgements, strict=True)]
    neighbour: Callable[[], Policy] = lambda: NearestNeighbour(  # noqa: E731
        demonstrations, reading.workflow, reading.judgements, reading.read_at, solved
    )
    assert right(DoNothing()) == 0
    assert right(CoordinateReplay(demonstrations)) <= 5
    assert right(TextReplay(demonstrations)) <= 5
    assert right(neighbour()) >= 4


def test_the_same_seed_gives_the_same_weights(
    recorded: tuple[list[Demonstration], list[Ticket]], tmp_path: Path
) -> None:
    quick = ImitationConfig(samples=60, epochs=1)
    folders = [finetune(recorded[0][:4], tmp_path / str(i), seed=i // 2, config=quick) for i in range(3)]
    first, same, other = (load_checkpoint(f) for f in folders)
    assert first.digest == same.digest
    assert first.digest != other.digest
    assert first.data == same.data
    assert first.cases == tuple(d.case.id for d in recorded[0][:4])
    assert (folders[0] / "ledger.jsonl").read_bytes() == (folders[1] / "ledger.jsonl").read_bytes()
    assert (folders[0] / "optimiser-finetune.npz").exists()
    assert isinstance(SkillPolicy(first), SkillPolicy)
