"""What a third party runs on its own body, policy, perception, verifier or task to know that it keeps the contract.

Each ``check_...`` raises AssertionError that begins with the broken rule's name, a key of :data:`RULES`; it returns
nothing when all rules hold. They need no test framework, and read well from one::

    def test_my_body_keeps_the_contract():
        check_body(lambda: MyBody(port=7))
"""

import contextlib
import dataclasses
import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np

from crewless.core.body import Body
from crewless.core.case_loop import work_case
from crewless.core.errors import BadInput, BodyFailure, CrewlessError
from crewless.core.messages import (
    ELEMENT_KINDS,
    VERBS,
    Action,
    Applied,
    Box,
    Case,
    Decision,
    Element,
    Frame,
    Observation,
    Outcome,
    Point,
    Verdict,
)
from crewless.core.perception import Blind, Perception
from crewless.core.photons import tile_shape
from crewless.core.policy import Policy
from crewless.core.task import Task
from crewless.core.verifier import Verifier

RULES: Mapping[str, str] = {
    "body.methods": "a body has every method of core.body.Body",
    "body.pixels": "a frame's pixels have shape (height, width, 3), dtype uint8, and keep their shape",
    "body.time": "a frame's t_s is monotonic time that has passed and never runs backwards",
    "body.index": "a frame's index is not negative and never runs backwards",
    "body.changed": "a frame's changed mask is bool and has one entry for each 16 x 16 tile",
    "body.pointer": "a frame's pointer lies inside the picture",
    "body.prompt": "frame never blocks for longer than a frame period",
    "body.applied": "act returns Applied with the action that was asked for",
    "body.applied_times": "Applied's times are ordered: asked, dispatched, settled, returned; changed before settled",
    "body.outside": "act raises BadInput for a point outside the picture",
    "body.verb": "act raises BadInput for a verb that no body can carry out, such as done",
    "body.settle": "settle returns a frame, at the latest when its time is up",
    "body.close": "close may be called twice",
    "body.closed": "a closed body raises BodyFailure when it is asked for a frame or an act",
    "policy.methods": "a policy has every method of core.policy.Policy",
    "policy.decision": "decide returns a Decision whose action has a verb that core.messages knows",
    "policy.confidence": "a decision's confidence is between 0 and 1 and its scores are numbers",
    "policy.element": "an action's element is an index into the observation's elements",
    "policy.point": "an action's points lie inside the picture",
    "policy.argument": "an action has what its verb needs: a point, a text, an amount, a time, a reason",
    "policy.reset": "after reset nothing of the case before is kept: the same screen gives the same decisions",
    "perception.methods": "a perception has every method of core.perception.Perception",
    "perception.frame": "an observation has its frame's size, time, index and pointer",
    "perception.box": "an element's box is not empty and lies inside the picture",
    "perception.element": "an element has a kind and a state that core.messages knows, and a confidence of 0 to 1",
    "perception.order": "elements come in reading order: top to bottom, then left to right",
    "perception.cost": "lines_read and cpu_s are not negative",
    "perception.unchanged": "a frame in which nothing changed gives the same elements and reads no line again",
    "perception.reset": "after reset the same frame gives the same elements as the first time",
    "perception.readonly": "perceive does not write into the frame's pixels",
    "verifier.methods": "a verifier has every method of core.verifier.Verifier",
    "verifier.before": "before returns a mapping",
    "verifier.verdict": "judge returns a Verdict of the case that it was asked about, with the claim that it was given",
    "verifier.evidence": "a verdict's evidence is not empty and can be written as JSON",
    "verifier.handed_over": "a case in which nothing was done and nothing is claimed is handed_over",
    "verifier.lie": "a case in which nothing was done and the worker claims to be done is wrong",
    "verifier.right": "a case that was done rightly is right",
    "verifier.repeatable": "judging changes nothing: asked again, it says the same",
    "verifier.harm": "a case that was done rightly while something else changed too is wrong",
    "task.methods": "a task has every method of core.task.Task",
    "task.name": "a task's name is lower case letters, digits and underscores",
    "task.options": "options, where a task names them, are a frozen keyword-only dataclass whose num_cases, seed and num_archive are "
    "whole numbers and whose unseen is a truth value",
    "task.cases": "cases are there after setup, and each has its own id",
    "task.parts": "open gives a Body, oracle a Policy, verifier a Verifier",
    "task.idle": "a policy that does nothing and claims to be done is judged wrong",
    "task.oracle": "the oracle's work is judged right",
    "task.teardown": "teardown may be called twice",
}
"""Every rule by its name. The test of this module holds a class that breaks each."""

BLOCKED_S = 0.5
"""From here on a call that should have been prompt counts as blocked: far above a frame period of 28 ms, so that a busy
machine does not fail a correct body."""
STATES = frozenset({"checked", "focused", "disabled", "selected"})


def check_body(make_body: Callable[[], Body]) -> None:
    """Make a body, look at its frames, act once, and close it."""
    body = make_body()
    try:
        _require(_is(body, Body), "body.methods", _missing(body, Body))
        first = _check_frame(body, None)
        height, width, _ = first.pixels.shape
        frame = first
        for _ in range(3):
            frame = _check_frame(body, frame)
        _check_applied(body)
        _refuses(body, Action(verb="click", point=Point(width, height)), "body.outside")
        _refuses(body, Action(verb="click", point=Point(-1, 0)), "body.outside")
        _refuses(body, Action(verb="done"), "body.verb")
        began_s = time.monotonic()
        settled = body.settle(0.2)
        took_s = time.monotonic() - began_s
        _require(_is(settled, Frame), "body.settle", repr(type(settled)))
        _require(took_s < 0.2 + BLOCKED_S, "body.settle", f"{took_s:.2f} s for a time-out of 0.2 s")
    finally:
        with contextlib.suppress(Exception):
            body.close()
    try:
        body.close()
    except Exception as error:
        _fail("body.close", repr(error))
    for call in (body.frame, lambda: body.act(Action(verb="wait"))):
        try:
            call()
        except BodyFailure:
            continue
        except Exception as error:
            _fail("body.closed", repr(error))
        _fail("body.closed", "no error")


def check_policy(
    make_policy: Callable[[], Policy], observation: Observation, *, case: Case | None = None, steps: int = 8
) -> None:
    """Let a policy decide up to ``steps`` times on one screen, twice. One that explores is checked with that off."""
    policy = make_policy()
    _require(_is(policy, Policy), "policy.methods", _missing(policy, Policy))
    case = case or Case(id="conformance")
    first = _decisions(policy, case, observation, steps)
    again = _decisions(policy, case, observation, steps)
    _require([d.action for d in first] == [d.action for d in again], "policy.reset", f"{first} then {again}")


def check_perception(make_perception: Callable[[], Perception], frame: Frame) -> None:
    """Perceive one frame, the same frame unchanged, and once more after a reset."""
    perception = make_perception()
    _require(_is(perception, Perception), "perception.methods", _missing(perception, Perception))
    kept = frame.pixels.copy()
    height, width, _ = kept.shape
    first = perception.perceive(frame)
    _require(np.array_equal(kept, frame.pixels), "perception.readonly", "pixels that differ from before")
    _check_observation(first, frame)
    still = dataclasses.replace(
        frame, index=frame.index + 1, t_s=frame.t_s + 0.1, changed=np.zeros(tile_shape(height, width), bool)
    )
    second = perception.perceive(still)
    _check_observation(second, still)
    _require(second.elements == first.elements, "perception.unchanged", _difference(first.elements, second.elements))
    _require(second.lines_read == 0, "perception.unchanged", f"lines_read={second.lines_read}")
    perception.reset()
    third = perception.perceive(frame)
    _require(third.elements == first.elements, "perception.reset", _difference(first.elements, third.elements))


def check_verifier(
    make_verifier: Callable[[], Verifier],
    case: Case,
    *,
    do_right: Callable[[], object],
    do_harm: Callable[[], object],
) -> None:
    """Judge one case as the world goes from untouched to done to damaged.

    Args:
        make_verifier: gives the verifier.
        case: one that has not been worked.
        do_right: does the case in the system of record as it should be done.
        do_harm: then changes something else in the system of record, which the case gives no reason for.
    """
    verifier = make_verifier()
    _require(_is(verifier, Verifier), "verifier.methods", _missing(verifier, Verifier))
    before = verifier.before(case)
    _require(_is(before, Mapping), "verifier.before", repr(type(before)))

    def judge(claimed_done: bool) -> Verdict:
        verdict = verifier.judge(case, before, claimed_done=claimed_done)
        _check_verdict(verdict, case, claimed_done)
        return verdict

    for claimed, expected, rule in ((False, "handed_over", "verifier.handed_over"), (True, "wrong", "verifier.lie")):
        verdict = judge(claimed)
        _require(verdict.outcome == expected, rule, _words(verdict))
    do_right()
    verdict = judge(True)
    _require(verdict.outcome == "right", "verifier.right", _words(verdict))
    again = judge(True)
    _require(again.outcome == verdict.outcome, "verifier.repeatable", f"{_words(verdict)}, then {_words(again)}")
    do_harm()
    verdict = judge(True)
    _require(verdict.outcome == "wrong", "verifier.harm", _words(verdict))


class Idle:
    """The policy that does nothing and claims to be done. Every task must judge it wrong."""

    def reset(self, case: Case) -> None:
        """There is nothing to forget."""

    def decide(self, observation: Observation) -> Decision:
        """Done."""
        return Decision(action=Action(verb="done"))

    def applied(self, applied: Applied) -> None:
        """Nothing was done."""


def check_task(make_task: Callable[[], Task], folder: Path, *, max_steps: int = 60) -> None:
    """Set a task up below ``folder`` and work its first case: first by doing nothing, then by its oracle."""
    task = make_task()
    _require(_is(task, Task), "task.methods", _missing(task, Task))
    name = task.name
    named = _is(name, str) and name.isascii() and name.replace("_", "a").isalnum() and name == name.lower()
    _require(named, "task.name", repr(name))
    _check_options(getattr(type(task), "options", None))
    try:
        task.setup(folder)
        cases = task.cases()
        ids = [case.id for case in cases]
        _require(ids and len(set(ids)) == len(ids), "task.cases", f"ids {ids[:20]}")
        body = task.open(scripted=True)
        with contextlib.ExitStack() as ending:
            ending.callback(body.close)
            _require(_is(body, Body), "task.parts", f"open: {_missing(body, Body)}")
            oracle, verifier = task.oracle(body), task.verifier()
            for part in (oracle, verifier):
                ending.callback(getattr(part, "close", lambda: None))
            _require(_is(oracle, Policy), "task.parts", f"oracle: {_missing(oracle, Policy)}")
            _require(_is(verifier, Verifier), "task.parts", f"verifier: {_missing(verifier, Verifier)}")
            for policy, expected, rule in ((Idle(), "wrong", "task.idle"), (oracle, "right", "task.oracle")):
                before = verifier.before(cases[0])
                work = work_case(body, Blind(), policy, cases[0], max_steps=max_steps)
                verdict = verifier.judge(cases[0], before, claimed_done=work.claimed_done)
                _require(verdict.outcome == expected, rule, f"{_words(verdict)} after {len(work.steps)} steps")
    finally:
        task.teardown()
    try:
        task.teardown()
    except Exception as error:
        _fail("task.teardown", repr(error))


def _check_options(options: object) -> None:
    if options is None:
        return
    if not isinstance(options, type) or not dataclasses.is_dataclass(options):
        _fail("task.options", f"{options}")
        return
    fields = dataclasses.fields(options)
    frozen = getattr(options, "__dataclass_params__").frozen  # noqa: B009 - no type checker knows it
    _require(frozen and all(field.kw_only for field in fields), "task.options", f"{options.__name__} is not")
    hints = get_type_hints(options)
    for name, kind in (("num_cases", int), ("seed", int), ("unseen", bool), ("num_archive", int)):
        _require(hints.get(name, kind) is kind, "task.options", f"{name}: {hints.get(name)}")


def _check_frame(body: Body, last: Frame | None) -> Frame:
    began_s = time.monotonic()
    frame = body.frame()
    now_s = time.monotonic()
    _require(now_s - began_s < BLOCKED_S, "body.prompt", f"{now_s - began_s:.2f} s")
    pixels = frame.pixels
    _require(pixels.ndim == 3 and pixels.shape[2] == 3, "body.pixels", f"shape {pixels.shape}")
    _require(pixels.dtype == np.uint8, "body.pixels", f"dtype {pixels.dtype}")
    _require(math.isfinite(frame.t_s) and frame.t_s <= now_s, "body.time", f"t_s={frame.t_s} at {now_s}")
    _require(frame.index >= 0, "body.index", f"index={frame.index}")
    height, width, _ = pixels.shape
    if frame.changed is not None:
        shape, dtype = frame.changed.shape, frame.changed.dtype
        _require(shape == tile_shape(height, width) and dtype == np.bool_, "body.changed", f"{shape} {dtype}")
    if frame.pointer is not None:
        _require(Box(0, 0, width, height).contains(frame.pointer), "body.pointer", str(frame.pointer))
    if last is not None:
        _require(pixels.shape == last.pixels.shape, "body.pixels", f"{last.pixels.shape} then {pixels.shape}")
        _require(frame.t_s >= last.t_s, "body.time", f"t_s {last.t_s} then {frame.t_s}")
        _require(frame.index >= last.index, "body.index", f"{last.index} then {frame.index}")
    return frame


def _check_applied(body: Body) -> None:
    action = Action(verb="wait", seconds=0.01)
    asked_s = time.monotonic()
    applied = body.act(action)
    returned_s = time.monotonic()
    _require(_is(applied, Applied) and applied.action == action, "body.applied", repr(applied))
    ordered = [asked_s, applied.dispatched_s, applied.settled_s or applied.dispatched_s, returned_s]
    _require(ordered == sorted(ordered), "body.applied_times", f"{ordered}")
    if applied.changed_s is not None and applied.settled_s is not None:
        _require(applied.changed_s <= applied.settled_s, "body.applied_times", repr(applied))


def _refuses(body: Body, action: Action, rule: str) -> None:
    try:
        body.act(action)
    except BadInput:
        return
    except CrewlessError as error:
        _fail(rule, repr(error))
    _fail(rule, f"no error for {action}")


def _decisions(policy: Policy, case: Case, observation: Observation, steps: int) -> list[Decision]:
    policy.reset(case)
    decisions: list[Decision] = []
    while len(decisions) < steps:
        decision = policy.decide(observation)
        _check_decision(decision, observation)
        decisions.append(decision)
        if decision.action.verb in ("done", "hand_over"):
            break
        policy.applied(Applied(action=decision.action, dispatched_s=time.monotonic()))
    return decisions


def _check_decision(decision: Decision, observation: Observation) -> None:
    _require(_is(decision, Decision), "policy.decision", repr(decision))
    action = decision.action
    _require(action.verb in VERBS, "policy.decision", f"verb {action.verb!r}, not one of {', '.join(VERBS)}")
    _require(0.0 <= decision.confidence <= 1.0, "policy.confidence", f"confidence={decision.confidence}")
    _require(all(map(math.isfinite, decision.scores.values())), "policy.confidence", f"scores={decision.scores}")
    count = len(observation.elements)
    _require(action.element is None or 0 <= action.element < count, "policy.element", f"{action.element} of {count}")
    screen = Box(0, 0, observation.width, observation.height)
    for point in (action.point, action.to):
        _require(point is None or screen.contains(point), "policy.point", f"{point} on {screen}")
    needed = {
        "click": action.point,
        "double_click": action.point,
        "drag": action.point and action.to,
        "type": action.text,
        "key": action.text,
        "scroll": action.amount,
        "move": action.joints,
        "wait": action.seconds > 0,
        "hand_over": action.text,
    }
    _require(needed.get(action.verb, True), "policy.argument", repr(action))


def _check_observation(observation: Observation, frame: Frame) -> None:
    height, width, _ = frame.pixels.shape
    found = (observation.width, observation.height, observation.t_s, observation.frame_index, observation.pointer)
    _require(found == (width, height, frame.t_s, frame.index, frame.pointer), "perception.frame", str(found))
    for element in observation.elements:
        box = element.box
        inside = 0 <= box.x0 < box.x1 <= width and 0 <= box.y0 < box.y1 <= height
        _require(inside, "perception.box", repr(element))
        known = element.kind in ELEMENT_KINDS and element.state <= STATES and 0.0 <= element.confidence <= 1.0
        _require(known, "perception.element", repr(element))
    for above, below in zip(observation.elements, observation.elements[1:], strict=False):
        a, b = above.box, below.box
        same_row = (a.y0, a.y1) == (b.y0, b.y1)
        _require(b.y1 > a.y0 and (not same_row or a.x0 <= b.x0), "perception.order", f"{below} after {above}")
    costs = observation.lines_read, observation.cpu_s
    _require(min(costs) >= 0, "perception.cost", f"lines_read, cpu_s = {costs}")


def _check_verdict(verdict: Verdict, case: Case, claimed_done: bool) -> None:
    _require(_is(verdict, Verdict) and verdict.outcome in get_args(Outcome), "verifier.verdict", repr(verdict))
    same = verdict.case == case.id and verdict.claimed_done == claimed_done
    _require(same, "verifier.verdict", f"case={verdict.case!r}, claimed_done={verdict.claimed_done}")
    try:
        written = json.dumps(dict(verdict.evidence), default=str)
    except (TypeError, ValueError) as error:
        written = ""
        _fail("verifier.evidence", repr(error))
    _require(written != "{}", "verifier.evidence", "nothing")


def _words(verdict: Verdict) -> str:
    return f"{verdict.outcome} with {dict(verdict.evidence)}"


def _difference(first: tuple[Element, ...], second: tuple[Element, ...]) -> str:
    only_first = [e for e in first if e not in second]
    only_second = [e for e in second if e not in first]
    return f"{len(first)} then {len(second)} elements; only then {only_first[:3]}; only now {only_second[:3]}"


def _is(value: object, kind: type) -> bool:
    """``isinstance`` of something that a third party gave: what its type says of it is what is checked here."""
    return isinstance(value, kind)


def _missing(value: object, protocol: type) -> str:
    names = sorted({*vars(protocol), *getattr(protocol, "__annotations__", {})})
    lacking = [n for n in names if not n.startswith("_") and not hasattr(value, n)]
    return f"{type(value).__name__} without {', '.join(lacking)}"


def _require(held: object, rule: str, found: str) -> None:
    if not held:
        _fail(rule, found)


def _fail(rule: str, found: str) -> None:
    raise AssertionError(f"{rule}: {RULES[rule]}; found: {found}")
