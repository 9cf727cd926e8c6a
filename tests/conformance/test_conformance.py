"""The conformance checks let the honest pass and catch whoever breaks a rule, every rule."""

import dataclasses
import time
from dataclasses import replace

import numpy as np
import pytest

from crewless.core import conformance
from crewless.core.conformance import RULES, check_body, check_perception, check_policy, check_task, check_verifier
from crewless.core.errors import BodyFailure
from crewless.core.messages import Action, Applied, Box, Case, Decision, Element, Point, Verdict
from crewless.core.perception import Blind

from . import honest

CASE = Case(id="1")


def body(**methods):
    """A body that is honest but for some methods, which get the honest one as ``self``."""
    return lambda: check_body(type("BrokenBody", (honest.HonestBody,), methods))


def framed(**fields):
    return body(frame=lambda self: replace(honest.HonestBody.frame(self), **fields))


def acted(**fields):
    return body(act=lambda self, action: replace(honest.HonestBody.act(self, action), **fields))


def lenient(accepts):
    """A body that carries out what it should refuse."""

    def act(self, action):
        if accepts(action) and not self.closed:
            return Applied(action=action, dispatched_s=time.monotonic())
        return honest.HonestBody.act(self, action)

    return body(act=act)


def slow_frame(self):
    time.sleep(conformance.BLOCKED_S)
    return honest.HonestBody.frame(self)


def slow_settle(self, timeout_s=5.0):
    time.sleep(timeout_s + conformance.BLOCKED_S)
    return self.frame()


def growing_frame(self):
    frame = honest.HonestBody.frame(self)
    return replace(frame, pixels=np.zeros((48 + self.taken, 64, 3), np.uint8), changed=None)


def backwards(field):
    def frame(self):
        honest_frame = honest.HonestBody.frame(self)
        return replace(honest_frame, **{field: 100 - self.taken})

    return body(frame=frame)


def close_once(self):
    if self.closed:
        raise ValueError("closed already")
    self.closed = True


def immortal_act(self, action):
    if self.closed:
        return Applied(action=action, dispatched_s=0.0)
    return honest.HonestBody.act(self, action)


def policy(*decisions, **methods):
    """A policy that makes these decisions, one after the other, then is done."""

    def decide(self, observation):
        self.made = getattr(self, "made", 0) + 1
        return decisions[self.made - 1] if self.made <= len(decisions) else Decision(action=Action(verb="done"))

    def reset(self, case):
        self.made = 0

    methods = {"reset": reset, **({"decide": decide} if decisions else {}), **methods}
    broken = type("BrokenPolicy", (honest.HonestPolicy,), methods)
    return lambda: check_policy(broken, honest.honest_observation())


def acts(**fields):
    return policy(Decision(action=Action(**fields)))


def perceived(change=None, **methods):
    """A perception whose observations are changed after the honest one made them."""

    def perceive(self, frame):
        observation = honest.HonestPerception.perceive(self, frame)
        return change(observation) if change else observation

    broken = type("BrokenPerception", (honest.HonestPerception,), {"perceive": perceive, **methods})
    return lambda: check_perception(broken, honest.honest_frame())


def elements(*found):
    return perceived(lambda observation: replace(observation, elements=found))


def forgetful_reset(self):
    self.after_reset = True


def perceive_after_reset(self, frame):
    observation = honest.HonestPerception.perceive(self, frame)
    return replace(observation, elements=observation.elements[:1]) if hasattr(self, "after_reset") else observation


def perceive_and_scribble(self, frame):
    frame.pixels[0, 0] = 255
    return honest.HonestPerception.perceive(self, frame)


def perceive_worse_each_time(self, frame):
    observation = honest.HonestPerception.perceive(self, frame)
    self.times = getattr(self, "times", 0) + 1
    return replace(observation, elements=observation.elements[: -self.times])


def verifier(judge=None, **methods):
    record: dict = {}

    def honest_judge(self, case, before, *, claimed_done):
        verdict = honest.HonestVerifier.judge(self, case, before, claimed_done=claimed_done)
        return judge(self, verdict) if judge else verdict

    broken = type("BrokenVerifier", (honest.HonestVerifier,), {"judge": honest_judge, **methods})
    return lambda: check_verifier(
        lambda: broken(record),
        CASE,
        do_right=lambda: record.update(answer="blue"),
        do_harm=lambda: record.update(another="row"),
    )


def says(outcome, when):
    return verifier(lambda self, verdict: replace(verdict, outcome=outcome) if when(verdict) else verdict)


def fickle(self, verdict):
    self.times = getattr(self, "times", 0) + 1
    return replace(verdict, outcome="wrong") if self.times > 3 else verdict


def task(tmp_path, **members):
    return lambda: check_task(type("BrokenTask", (honest.HonestTask,), members), tmp_path)


def teardown_once(self):
    if hasattr(self, "down"):
        raise ValueError("not set up")
    self.down = True


class Deaf:
    """Lacks most of what each protocol asks for."""

    name = "deaf"

    def frame(self): ...


BROKEN = {
    "body.methods": [lambda: check_body(Deaf)],  # pyright: ignore
    "body.pixels": [
        framed(pixels=np.zeros((48, 64, 4), np.uint8)),
        framed(pixels=np.zeros((48, 64, 3), np.float32)),
        framed(pixels=np.zeros((48, 64), np.uint8)),
        body(frame=growing_frame),
    ],
    "body.time": [framed(t_s=float("inf")), framed(t_s=float("nan")), framed(t_s=time.time()), backwards("t_s")],
    "body.index": [framed(index=-1), backwards("index")],
    "body.changed": [framed(changed=np.zeros((48, 64), bool)), framed(changed=np.zeros((3, 4), np.uint8))],
    "body.pointer": [framed(pointer=Point(64, 0))],
    "body.prompt": [body(frame=slow_frame)],
    "body.applied": [acted(action=Action(verb="click")), body(act=lambda self, action: None)],
    "body.applied_times": [acted(dispatched_s=0.0), acted(settled_s=1e12), acted(changed_s=1e12)],
    "body.outside": [
        lenient(lambda action: action.point is not None),
        body(act=lambda self, action: raise_failure() if action.point else honest.HonestBody.act(self, action)),
    ],
    "body.verb": [lenient(lambda action: action.verb == "done")],
    "body.settle": [body(settle=slow_settle), body(settle=lambda self, timeout_s=5.0: None)],
    "body.close": [body(close=close_once)],
    "body.closed": [body(close=lambda self: None), body(act=immortal_act)],
    "policy.methods": [lambda: check_policy(Deaf, honest.honest_observation())],  # pyright: ignore
    "policy.decision": [acts(verb="dance"), policy(decide=lambda self, observation: Action(verb="done"))],
    "policy.confidence": [
        policy(Decision(action=Action(verb="done"), confidence=1.5)),
        policy(Decision(action=Action(verb="done"), confidence=float("nan"))),
        policy(Decision(action=Action(verb="done"), scores={"x": float("nan")})),
    ],
    "policy.element": [acts(verb="click", point=Point(1, 1), element=3), acts(verb="done", element=-1)],
    "policy.point": [acts(verb="click", point=Point(64, 0)), acts(verb="drag", point=Point(1, 1), to=Point(0, 48))],
    "policy.argument": [
        acts(verb="click"),
        acts(verb="double_click"),
        acts(verb="drag", point=Point(1, 1)),
        acts(verb="type"),
        acts(verb="key"),
        acts(verb="scroll"),
        acts(verb="wait"),
        acts(verb="hand_over"),
    ],
    "policy.reset": [policy(reset=lambda self, case: None)],
    "perception.methods": [lambda: check_perception(Deaf, honest.honest_frame())],  # pyright: ignore
    "perception.frame": [
        perceived(lambda observation: replace(observation, width=1)),
        perceived(lambda observation: replace(observation, height=1)),
        perceived(lambda observation: replace(observation, frame_index=99)),
        perceived(lambda observation: replace(observation, t_s=0.0)),
        perceived(lambda observation: replace(observation, pointer=None)),
    ],
    "perception.box": [
        elements(Element(text="x", box=Box(1, 1, 1, 5))),
        elements(Element(text="x", box=Box(1, 1, 65, 5))),
        elements(Element(text="x", box=Box(1, -1, 5, 5))),
    ],
    "perception.element": [
        elements(Element(text="x", box=Box(1, 1, 9, 9), kind="ghost")),
        elements(Element(text="x", box=Box(1, 1, 9, 9), state=frozenset({"haunted"}))),
        elements(Element(text="x", box=Box(1, 1, 9, 9), confidence=2.0)),
    ],
    "perception.order": [
        elements(Element(text="below", box=Box(0, 20, 9, 30)), Element(text="above", box=Box(0, 5, 9, 15))),
        elements(Element(text="right", box=Box(30, 0, 40, 9)), Element(text="left", box=Box(0, 0, 9, 9))),
    ],
    "perception.cost": [
        perceived(lambda observation: replace(observation, lines_read=-1)),
        perceived(lambda observation: replace(observation, cpu_s=-0.1)),
    ],
    "perception.unchanged": [
        perceived(lambda observation: replace(observation, lines_read=2)),
        perceived(perceive=perceive_worse_each_time),
    ],
    "perception.reset": [perceived(perceive=perceive_after_reset, reset=forgetful_reset)],
    "perception.readonly": [perceived(perceive=perceive_and_scribble)],
    "verifier.methods": [lambda: check_verifier(Deaf, CASE, do_right=print, do_harm=print)],  # pyright: ignore
    "verifier.before": [verifier(before=lambda self, case: [])],
    "verifier.verdict": [
        verifier(lambda self, verdict: replace(verdict, case="another")),
        verifier(lambda self, verdict: replace(verdict, claimed_done=not verdict.claimed_done)),
        verifier(lambda self, verdict: replace(verdict, outcome="perhaps")),
        verifier(lambda self, verdict: "right"),
    ],
    "verifier.evidence": [
        verifier(lambda self, verdict: replace(verdict, evidence={})),
        verifier(lambda self, verdict: replace(verdict, evidence={("a", "tuple"): 1})),
    ],
    "verifier.handed_over": [says("wrong", lambda verdict: not verdict.claimed_done)],
    "verifier.lie": [says("right", lambda verdict: verdict.claimed_done)],
    "verifier.right": [says("wrong", lambda verdict: verdict.outcome == "right")],
    "verifier.repeatable": [verifier(fickle)],
    "verifier.harm": [says("right", lambda verdict: "answer" in verdict.evidence["after"])],
}


def broken_tasks(tmp_path):
    return {
        "task.methods": [lambda: check_task(Deaf, tmp_path)],  # pyright: ignore
        "task.name": [task(tmp_path, name="Blue Thing"), task(tmp_path, name=""), task(tmp_path, name=None)],
        "task.cases": [task(tmp_path, cases=lambda self: []), task(tmp_path, cases=lambda self: [CASE, CASE])],
        "task.parts": [
            task(tmp_path, oracle=lambda self, body: None),
            task(tmp_path, verifier=lambda self: None),
            task(tmp_path, open=lambda self, *, scripted: closable_nothing()),
        ],
        "task.options": [
            task(tmp_path, options=dict),
            task(tmp_path, options=dataclasses.make_dataclass("Thawed", [("seed", int, 0)], kw_only=True)),
            task(tmp_path, options=dataclasses.make_dataclass("Positional", [("seed", int, 0)], frozen=True)),
            task(tmp_path, options=options_with("num_cases", str, "many")),
            task(tmp_path, options=options_with("unseen", int, 0)),
        ],
        "task.idle": [task(tmp_path, verifier=lambda self: Trusting())],
        "task.oracle": [task(tmp_path, oracle=lambda self, body: conformance.Idle())],
        "task.teardown": [task(tmp_path, teardown=teardown_once)],
    }


def options_with(name: str, kind: type, default: object) -> type:
    return dataclasses.make_dataclass("Options", [(name, kind, default)], frozen=True, kw_only=True)


class Trusting:
    """Believes what the worker says."""

    def before(self, case):
        return {}

    def judge(self, case, before, *, claimed_done):
        return Verdict(case=case.id, outcome="right", claimed_done=claimed_done, evidence={"said": "done"})


def closable_nothing():
    return type("Nothing", (), {"close": lambda self: None})()


def raise_failure():
    raise BodyFailure("died")


def test_the_honest_pass(tmp_path):
    check_body(honest.HonestBody)
    check_policy(honest.HonestPolicy, honest.honest_observation())
    check_policy(conformance.Idle, honest.honest_observation())
    check_perception(honest.HonestPerception, honest.honest_frame())
    check_perception(Blind, honest.honest_frame())
    verifier()()
    check_task(honest.HonestTask, tmp_path)
    options = {"options": options_with("num_cases", int, 2)}
    check_task(type("WithOptions", (honest.HonestTask,), options), tmp_path)


@pytest.mark.parametrize(
    ("rule", "index"), [(rule, index) for rule, broken in BROKEN.items() for index in range(len(broken))]
)
def test_a_broken_rule_is_caught_and_named(rule, index):
    with pytest.raises(AssertionError) as caught:
        BROKEN[rule][index]()
    assert str(caught.value).startswith(f"{rule}: {RULES[rule]}; found: ")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.startswith("task.")])
def test_a_broken_task_is_caught_and_named(rule, tmp_path):
    for check in broken_tasks(tmp_path)[rule]:
        with pytest.raises(AssertionError, match=f"^{rule}: "):
            check()


def test_every_rule_has_somebody_who_breaks_it(tmp_path):
    assert set(BROKEN) | set(broken_tasks(tmp_path)) == set(RULES)


def test_a_body_that_fails_its_check_is_closed():
    made = []

    class Remembered(honest.HonestBody):
        def __init__(self):
            super().__init__()
            made.append(self)

        def frame(self):
            return replace(super().frame(), index=-1)

    with pytest.raises(AssertionError, match=r"body\.index"):
        check_body(Remembered)
    assert made[0].closed
