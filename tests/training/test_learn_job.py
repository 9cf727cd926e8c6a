"""A job that is learnt from recordings of a synthetic desk: what it says, what it explains, and how it works tickets that it has not seen."""

from dataclasses import replace
from pathlib import Path

import pytest

from crewless.core.errors import BadInput, CheckpointMismatch
from crewless.core.messages import Action, Case, Demonstration, Observation
from crewless.policy.job.policy import JobPolicy
from crewless.policy.job.program import Form, Key, Press, lines_of, walk
from crewless.policy.job.store import is_job, load_job, report_lines
from crewless.policy.learnt import load_policy
from crewless.training.induce.traces import trace_of
from crewless.training.learn_job import Learning, learn_job, save_learning

from .desk import TEAMS, Ticket, demonstrate, tickets, work

SEEN = tickets(24, seed=5)


@pytest.fixture(scope="module")
def recorded() -> list[Demonstration]:
    return [demonstrate(t, SEEN[:14]) for t in SEEN]


@pytest.fixture(scope="module")
def learning(recorded: list[Demonstration]) -> Learning:
    return learn_job(recorded, task="desk", processes=1)


@pytest.fixture(scope="module")
def folder(learning: Learning, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_learning(learning, tmp_path_factory.mktemp("job") / "desk")


def test_the_steps_of_the_desk_are_found_with_what_each_needs(learning: Learning) -> None:
    job = learning.learnt.job
    assert job.slots == ("ticket",)
    assert job.unexplained == ()
    presses = [step.target.text for step in walk(job.steps) if isinstance(step, Press)]
    assert [getattr(text, "text", "") for text in presses] == ["Respond", "Update ticket details", "Save"]
    assert [step.chord for step in walk(job.steps) if isinstance(step, Key)] == ["Return"]
    entries = [entry for step in walk(job.steps) if isinstance(step, Form) for entry in step.entries]
    assert [entry.target.names[0].text for entry in entries if entry.target.names] == [
        "Search...", "Use a Pre-set Reply", "New Status", "Queue",
    ]  # fmt: skip
    assert list(learning.learnt.judgements) == ["judged use a pre-set reply"]


def test_every_action_is_explained_by_a_job_learnt_without_it(learning: Learning) -> None:
    account = learning.account
    assert account.explained == account.actions == 8 * len(SEEN)
    assert account.whole == len(SEEN)
    assert account.problems == ()


def test_unseen_tickets_are_worked_as_they_were_judged(learning: Learning) -> None:
    policy = JobPolicy(learning.learnt, abstain=False)
    unseen = tickets(12, seed=99, first=500)
    runs = [work(policy, t, unseen) for t in unseen]
    assert [run.reason for run in runs if not run.done] == []
    assert all(run.right for run in runs)
    assert sum(run.right for run in runs) >= 10


@pytest.mark.parametrize(
    "shape", [{"width": 1100}, {"height": 640}, {"top": 28, "infobar": "An infobar moves everything down"}]
)
def test_another_layout_changes_nothing(learning: Learning, shape: dict[str, object]) -> None:
    policy = JobPolicy(learning.learnt, abstain=False)
    unseen = tickets(4, seed=98, first=700)
    runs = [work(policy, t, unseen, **shape) for t in unseen]
    assert [run.reason for run in runs if not run.done] == []
    assert all(run.right for run in runs)


@pytest.mark.parametrize("step", [1, 3, 5, 8, 12])
def test_a_press_without_effect_is_never_taken_for_done(learning: Learning, step: int) -> None:
    policy = JobPolicy(learning.learnt, abstain=False)
    unseen = tickets(3, seed=97, first=800)
    runs = [work(policy, t, unseen, ignore=lambda s: s == step, limit=200) for t in unseen]
    assert not any(run.done and not run.right for run in runs)


def test_a_dead_program_is_handed_over_with_what_did_not_happen(learning: Learning) -> None:
    policy = JobPolicy(learning.learnt, abstain=False)
    unseen = tickets(1, seed=96, first=900)
    run = work(policy, unseen[0], unseen, ignore=lambda s: s >= 3, limit=400)
    assert not run.done
    assert run.reason


def test_another_tickets_page_is_not_worked(learning: Learning) -> None:
    unseen = tickets(2, seed=95, first=950)
    policy = JobPolicy(learning.learnt, abstain=False)
    other = replace(unseen[1], number=unseen[0].number + 7)

    def swapped(observation: Observation) -> Observation:
        """The page that opens is that of another ticket."""
        wrong, right = str(unseen[0].number), str(other.number)
        typed = any("focused" in e.state and wrong in e.text for e in observation.elements)
        if typed:
            return observation
        return replace(
            observation, elements=tuple(replace(e, text=e.text.replace(wrong, right)) for e in observation.elements)
        )

    run = work(policy, unseen[0], unseen, spoil=swapped, limit=300)
    assert not run.done
    assert not run.right


def test_another_program_that_looks_the_same_is_left_alone(learning: Learning) -> None:
    assert learning.learnt.job.frame == ("Go", "Agent")
    policy = JobPolicy(learning.learnt, abstain=False)
    unseen = tickets(1, seed=93, first=1300)

    def copied(observation: Observation) -> Observation:
        return replace(
            observation,
            elements=tuple(replace(e, text="Training copy") if e.text == "Agent" else e for e in observation.elements),
        )

    run = work(policy, unseen[0], unseen, spoil=copied, limit=300)
    assert "“Agent”, which every page of the program has, does not show" in run.reason
    assert {d.action.verb for d in run.decisions} <= {"wait", "hand_over"}


def test_a_stored_job_is_the_same_and_says_what_it_is(folder: Path, learning: Learning) -> None:
    assert is_job(folder)
    learnt, account = load_job(folder, task="desk")
    assert learnt.job == learning.learnt.job
    assert account == learning.account
    lines = report_lines(learnt, account)
    assert lines[: len(lines_of(learnt.job))] == lines_of(learnt.job)
    assert f"{account.explained} of {account.actions} actions" in lines[-1]
    assert isinstance(load_policy(folder), JobPolicy)


def test_a_job_of_another_task_and_a_damaged_one_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatch, match="trained for the task 'desk'"):
        load_job(folder, task="mail")
    with pytest.raises(CheckpointMismatch, match="no learnt job"):
        load_job(tmp_path)
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "judgement-0.npz").write_bytes(b"nothing")
    with pytest.raises(CheckpointMismatch, match="damaged"):
        load_job(copy)


def test_demonstrations_of_two_jobs_are_told_apart_by_name(recorded: list[Demonstration]) -> None:
    strange = tickets(2, seed=77, first=4000)
    others = [replace(demonstrate(t, strange), case=Case(id=f"other-{t.number}", slots=t.case.slots)) for t in strange]
    backwards = [replace(d, steps=tuple(reversed(d.steps))) for d in others]
    with pytest.raises(BadInput, match="other-4000, other-4001"):
        learn_job([*recorded[:8], *backwards], processes=1)


def test_a_case_without_its_slot_is_named(recorded: list[Demonstration]) -> None:
    bare = replace(recorded[3], case=Case(id=recorded[3].case.id, slots={}))
    with pytest.raises(BadInput, match=f"case {bare.case.id} has no ticket"):
        learn_job([*recorded[:3], bare], processes=1)


def test_one_demonstration_is_too_few(recorded: list[Demonstration]) -> None:
    with pytest.raises(BadInput, match=r"1 of 1 demonstrations"):
        learn_job(recorded[:1], processes=1)


def test_what_only_chance_explains_is_shown_and_never_typed(recorded: list[Demonstration]) -> None:
    """In every demonstration a remark that stands nowhere is typed: it is shown as not explained, and the worker hands over there."""
    planted = [_with_remark(d, f"{n * n % 97} sheep and {n * 31 % 89} goats") for n, d in enumerate(recorded[:12], 1)]
    learning = learn_job(planted, processes=1)
    assert any("Time spent" in about or "sheep" in about for about in learning.learnt.job.unexplained)
    policy = JobPolicy(learning.learnt, abstain=False)
    unseen = tickets(2, seed=94, first=1200)
    runs = [work(policy, t, unseen) for t in unseen]
    assert not any(run.done for run in runs)
    assert not any("sheep" in d.action.text for run in runs for d in run.decisions if d.action.verb == "type")


def test_corrections_and_the_order_of_fields_make_the_same_job(
    recorded: list[Demonstration], learning: Learning
) -> None:
    """Where the ticket's number is mistyped and put right, the same job is learnt."""
    corrected = [_with_slip(d) if n % 2 else d for n, d in enumerate(recorded)]
    other = learn_job(corrected, task="desk", processes=1)
    assert lines_of(other.learnt.job) == lines_of(learning.learnt.job)


def test_intents_are_final_values_and_steps(recorded: list[Demonstration]) -> None:
    trace = trace_of(recorded[0])
    ticket: Ticket = SEEN[0]
    assert [(i.kind, i.value) for i in trace.intents] == [
        ("text", str(ticket.number)), ("key", "Return"), ("press", ""), ("choice", f"Reply {ticket.team}"),
        ("choice", TEAMS[ticket.team][0]), ("press", ""), ("choice", ticket.team), ("press", ""),
    ]  # fmt: skip


def _with_slip(d: Demonstration) -> Demonstration:
    steps = list(d.steps)
    at = next(n for n, (_, action) in enumerate(steps) if action.verb == "type")
    seen, typed = steps[at]
    before = replace(typed, text=typed.text + "9")
    return replace(
        d, steps=(*steps[:at], (seen, before), (seen, Action(verb="key", text="BackSpace")), *steps[at + 1 :])
    )


def _with_remark(d: Demonstration, text: str) -> Demonstration:
    """Before it is saved, something is typed into the field “Time spent”."""
    steps = list(d.steps)
    seen, save = steps[-1]
    field = next(i for i, e in enumerate(seen.elements) if e.kind == "field" and e.label == "Time spent")
    point = seen.elements[field].box.centre
    filled = replace(
        seen, elements=tuple(replace(e, text=text) if i == field else e for i, e in enumerate(seen.elements))
    )
    return replace(
        d,
        steps=(
            *steps[:-1],
            (seen, Action(verb="click", point=point, element=field)),
            (seen, Action(verb="type", text=text)),
            (filled, save),
        ),
    )
