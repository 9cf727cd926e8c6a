"""What every task of this folder shares: a scene with a robot in it, cases that are drawn from a seed, a script, and a judge.

The judge lays each case out before it is worked, as a person in a laboratory does, then reads the physics: where things are,
what touches what, how warm the windings became. It never asks the policy. The scripts steer as a controller could: they
know where things are and send targets to the actuators; none of them writes into the simulation.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.robot_body import RobotBody, RobotBodyConfig
from crewless.body.robot.winding import Windings
from crewless.core.errors import BadInput, RecordUnreachable
from crewless.core.messages import Action, Applied, Case, Decision, Observation, Outcome, Verdict

Script = Iterator[np.ndarray | Action]
"""Targets for the actuators, one array of shape (nu,) for each period of the control stream; or an action, such as a wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManipulationConfig:
    """Which cases are posed, and how they are seen."""

    num_cases: int = 20
    """How many cases."""
    seed: int = 0
    """Seed of the cases: the same seed gives the same cases."""
    width: int = 64
    """Pixels of the camera's picture; a learner wants more than the oracle, which does not look."""
    height: int = 48
    """The same."""


class ManipulationTask:
    """Keeps the contract of :class:`crewless.core.task.Task`; a kind of work fills in what is left open below.

    Args:
        config: how many cases, from which seed.
    """

    name = ""
    options = ManipulationConfig
    max_steps = 400
    """Control periods after which a case has taken too long."""
    draw_every = 1
    """The camera takes every so manieth frame."""

    def __init__(self, config: ManipulationConfig | None = None) -> None:
        self.config = config or ManipulationConfig()
        if self.config.num_cases < 1:
            raise BadInput(f"num_cases is {self.config.num_cases}", alternatives=["1 or more"])
        self._cases: tuple[Case, ...] = ()
        self.model: mujoco.MjModel | None = None
        self.body: RobotBody | None = None
        """The robot that was opened last: the judge reads it."""

    # What a kind of work fills in.

    def spec(self) -> "mujoco.MjSpec":
        """The scene with the robot; it needs a camera ``head``."""
        raise NotImplementedError

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """One case: numbers by name, in SI units. They are what the queue gives."""
        raise NotImplementedError

    def lay(self, model: mujoco.MjModel, data: mujoco.MjData, given: Mapping[str, float]) -> None:
        """Put the simulation where the case begins."""

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """The oracle's targets, period by period."""
        raise NotImplementedError

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """What the physics says now. The key ``right`` is the verdict, ``harm`` (if there) whether something was damaged.

        Asked again it must say the same: what has to be tried out is tried on a copy.
        """
        raise NotImplementedError

    def windings(self) -> Windings | None:
        """The temperatures of the drives, where a task is about them."""
        return None

    def begin(self, body: RobotBody) -> None:
        """A case has been laid out: whoever watches a whole stretch starts anew."""

    # The contract.

    def setup(self, folder: Path) -> None:
        """Draw the cases and compile the scene; nothing is written."""
        rng = np.random.default_rng(self.config.seed)
        self._cases = tuple(
            Case(id=str(number + 1), slots={key: repr(float(value)) for key, value in self.draw(rng).items()})
            for number in range(self.config.num_cases)
        )
        self.model = self.spec().compile()

    def cases(self) -> Sequence[Case]:
        """The work; slots hold numbers in SI units."""
        return self._cases

    def open(self, *, scripted: bool = False) -> RobotBody:
        """The robot in its scene. Scripted or not, it is the same one: the oracle reads the simulation directly."""
        if self.model is None:
            raise RecordUnreachable(f"{self.name} has not been set up", alternatives=["setup(folder)"])
        config = RobotBodyConfig(width=self.config.width, height=self.config.height, draw_every=self.draw_every)
        self.body = RobotBody(self.model, config=config, windings=self.windings())
        return self.body

    def oracle(self, body: RobotBody) -> "ScriptedPolicy":
        """The script as a policy."""
        return ScriptedPolicy(self, body)

    def verifier(self) -> "PhysicsVerifier":
        """The judge."""
        return PhysicsVerifier(self)

    def teardown(self) -> None:
        """Forget the scene. Safe to call twice; a body that was opened is closed by whoever opened it."""
        self.model, self.body = None, None


class ScriptedPolicy:
    """Sends a task's script, one row of targets a decision, and says done at its end."""

    def __init__(self, task: ManipulationTask, body: RobotBody) -> None:
        self._task, self._body = task, body
        self._script: Script = iter(())

    def reset(self, case: Case) -> None:
        """Begin the script of this case."""
        self._script = self._task.script(self._body, given(case))

    def decide(self, observation: Observation) -> Decision:
        """The next targets."""
        try:
            targets = next(self._script)
        except StopIteration:
            return Decision(action=Action(verb="done"))
        if isinstance(targets, Action):
            return Decision(action=targets)
        return Decision(action=Action(verb="move", joints=tuple(float(value) for value in targets)))

    def applied(self, applied: Applied) -> None:
        """Nothing: the script reads the simulation."""


class PhysicsVerifier:
    """Lays the case out, and afterwards reads what the physics says of it."""

    def __init__(self, task: ManipulationTask) -> None:
        self._task = task

    def before(self, case: Case) -> Mapping[str, Any]:
        """Lay the case out and read it. Raises RecordUnreachable when no robot is open."""
        body, numbers = self._body(), given(case)
        body.reset(lambda model, data: self._task.lay(model, data, numbers))
        body.watch = None
        self._task.begin(body)
        return {"laid_out": case.id, **_plain(self._task.read(body, numbers))}

    def judge(self, case: Case, before: Mapping[str, Any], *, claimed_done: bool) -> Verdict:
        """Right when the physics says so; nothing done and nothing claimed is handed over. Raises RecordUnreachable."""
        if before.get("laid_out") != case.id:
            raise BadInput(f"case {case.id} is judged by what was laid out for {before.get('laid_out')}")
        now = _plain(self._task.read(self._body(), given(case)))
        outcome: Outcome = "wrong"
        if now["right"] and not now.get("harm", False):
            outcome = "right"
        elif not claimed_done and not now.get("harm", False):
            outcome = "handed_over"
        return Verdict(
            case=case.id, outcome=outcome, claimed_done=claimed_done, evidence={**now, "before": dict(before)}
        )

    def _body(self) -> RobotBody:
        if self._task.body is None:
            raise RecordUnreachable("no robot is open", alternatives=["open()"])
        return self._task.body


def given(case: Case) -> dict[str, float]:
    """A case's slots as numbers. Raises BadInput."""
    try:
        return {name: float(value) for name, value in case.slots.items()}
    except ValueError as error:
        raise BadInput(f"case {case.id}: {error}") from error


def ahead(body: RobotBody, seconds: float) -> mujoco.MjData:
    """A copy of the simulation after it has been left alone for a while with its targets as they are."""
    data = mujoco.MjData(body.model)
    kind = mujoco.mjtState.mjSTATE_INTEGRATION
    state = np.empty(mujoco.mj_stateSize(body.model, kind))
    mujoco.mj_getState(body.model, body.data, state, kind)
    mujoco.mj_setState(body.model, data, state, kind)
    mujoco.mj_step(body.model, data, max(1, round(seconds / body.model.opt.timestep)))
    return data


def touching(model: mujoco.MjModel, data: mujoco.MjData, thing: str) -> set[str]:
    """Names of the bodies that touch a body, the world's as ``world``."""
    own, found = model.body(thing).id, set()
    for contact in data.contact:
        pair = [int(model.geom_bodyid[geom]) for geom in contact.geom]
        if own in pair and pair[0] != pair[1]:
            found.add(model.body(pair[1 - pair.index(own)]).name)
    return found


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.tolist() if isinstance(value, np.ndarray | np.generic) else value for key, value in values.items()
    }
