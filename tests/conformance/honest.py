"""The smallest honest body, policy, perception, verifier and task: they live in memory and keep every rule."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from crewless.core.errors import BadInput, BodyFailure
from crewless.core.messages import Action, Applied, Box, Case, Decision, Element, Frame, Observation, Point, Verdict
from crewless.core.photons import tile_shape

WIDTH, HEIGHT = 64, 48


class HonestBody:
    """A black screen. Clicking on it adds a row to ``record``."""

    def __init__(self, record: dict | None = None) -> None:
        self.record = {} if record is None else record
        self.taken = 0
        self.closed = False

    def frame(self) -> Frame:
        if self.closed:
            raise BodyFailure("this body is closed")
        self.taken += 1
        return Frame(
            pixels=np.zeros((HEIGHT, WIDTH, 3), np.uint8),
            t_s=time.monotonic(),
            index=self.taken,
            changed=np.zeros(tile_shape(HEIGHT, WIDTH), bool),
            pointer=Point(1, 1),
        )

    def act(self, action: Action) -> Applied:
        if self.closed:
            raise BodyFailure("this body is closed")
        if action.verb in ("done", "hand_over"):
            raise BadInput(f"a body cannot {action.verb}")
        if action.point is not None and not Box(0, 0, WIDTH, HEIGHT).contains(action.point):
            raise BadInput(f"{action.point} is outside")
        if action.verb == "click":
            self.record["answer"] = "blue"
        now_s = time.monotonic()
        return Applied(action=action, dispatched_s=now_s, changed_s=now_s, settled_s=time.monotonic())

    def settle(self, timeout_s: float = 5.0) -> Frame:
        return self.frame()

    def close(self) -> None:
        self.closed = True


class HonestPolicy:
    """Clicks on the first element, then is done."""

    def __init__(self) -> None:
        self.clicked = False

    def reset(self, case: Case) -> None:
        self.clicked = False

    def decide(self, observation: Observation) -> Decision:
        if self.clicked:
            return Decision(action=Action(verb="done"), confidence=1.0)
        point = observation.elements[0].box.centre if observation.elements else Point(5, 5)
        element = 0 if observation.elements else None
        return Decision(action=Action(verb="click", point=point, element=element), scores={"click": 0.9})

    def applied(self, applied: Applied) -> None:
        self.clicked = True


class HonestPerception:
    """Two lines of text, wherever it looks."""

    def __init__(self) -> None:
        self.seen = False

    def perceive(self, frame: Frame) -> Observation:
        height, width, _ = frame.pixels.shape
        new = 0 if self.seen else 2
        self.seen = True
        return Observation(
            elements=(
                Element(text="name", box=Box(2, 2, 20, 10)),
                Element(text="Ann", box=Box(24, 2, 40, 10), kind="field", state=frozenset({"focused"})),
                Element(text="Save", box=Box(2, 20, 20, 30), kind="button"),
            ),
            width=width,
            height=height,
            t_s=frame.t_s,
            frame_index=frame.index,
            pointer=frame.pointer,
            lines_read=new,
            cpu_s=0.001,
        )

    def reset(self) -> None:
        self.seen = False


class HonestVerifier:
    """The case is right when the answer is blue and there is no other row."""

    def __init__(self, record: dict) -> None:
        self.record = record

    def before(self, case: Case) -> dict:
        return dict(self.record)

    def judge(self, case: Case, before, *, claimed_done: bool) -> Verdict:
        right = self.record == {**before, "answer": "blue"}
        untouched = self.record == before
        outcome = "right" if right else "handed_over" if untouched and not claimed_done else "wrong"
        evidence = {"before": dict(before), "after": dict(self.record)}
        return Verdict(case=case.id, outcome=outcome, claimed_done=claimed_done, evidence=evidence)


class HonestTask:
    """Make the answer blue."""

    name = "blue"

    def __init__(self) -> None:
        self.record: dict = {}

    def setup(self, folder: Path) -> None:
        self.record.clear()

    def cases(self) -> list[Case]:
        return [Case(id="1"), Case(id="2")]

    def open(self, *, scripted: bool = False) -> HonestBody:
        return HonestBody(self.record)

    def oracle(self, body) -> HonestPolicy:
        return HonestPolicy()

    def verifier(self) -> HonestVerifier:
        return HonestVerifier(self.record)

    def teardown(self) -> None:
        self.record.clear()


def honest_frame() -> Frame:
    return replace(HonestBody().frame(), changed=None)


def honest_observation() -> Observation:
    return HonestPerception().perceive(honest_frame())
