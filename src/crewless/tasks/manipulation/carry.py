"""Carry ten kilograms for ten minutes, and let no winding become too hot.

A bag hangs by its strap from the humanoid's right wrist. The case begins as somebody takes a bag from a shelf: arm stretched
forward, which the shoulder's motor bears for a minute or two. Where the arm is meanwhile is free, as long as the wrist stays
above a height and under the shoulder, and the bag clear of the trunk. Legs, fingers and the other arm hold still and are
bolted; nothing touches.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.actuators.drive import Drive
from crewless.body.robot.design import BodyDesign, Design
from crewless.body.robot.humanoid import humanoid, humanoid_drives
from crewless.body.robot.robot_body import RobotBody
from crewless.body.robot.winding import Windings
from crewless.core.errors import BadInput
from crewless.core.messages import Action, Applied, Case, Decision, Observation
from crewless.tasks.manipulation.control import path
from crewless.tasks.manipulation.stage import ManipulationConfig, ManipulationTask, Script

ARM = ("right_shoulder_pitch", "right_shoulder_roll", "right_shoulder_yaw", "right_elbow")
STRETCHED = (-0.9, 0.1, 0.0, -0.8)
"""The arm as the case begins, rad: ten kilograms half a metre before the shoulder."""
CLEAR_M = 0.24
"""From the trunk's axis to the wrist, so that the bag does not rub on the hip."""
HIGHEST_M = 1.35
"""Highest place of the wrist: a bag is not carried over the head."""
_WORKED_K = 35.0
"""The housings may have been so much warmer than the air before."""


class KeepStill:
    """A policy that ignores heat: it holds the arm where it is for the whole time. It must fail."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._left = seconds, seconds

    def reset(self, case: Case) -> None:
        """Begin anew."""
        self._left = self._seconds + 1.0

    def decide(self, observation: Observation) -> Decision:
        """Wait; done at the end."""
        if self._left <= 0:
            return Decision(action=Action(verb="done"))
        self._left -= 1.0
        return Decision(action=Action(verb="wait", seconds=1.0))

    def applied(self, applied: Applied) -> None:
        """Nothing is learnt from it."""


class CarryTask(ManipulationTask):
    """Ten kilograms hang at the wrist for ten minutes; the arm must hold them up without overheating.

    Slots: ``mass``, kg; ``height``, m, which the wrist must not come below; ``warm``, K, how warm the arm's motors are.

    Args:
        config: how many cases, from which seed.
        seconds: how long, simulated.
    """

    name = "carry"

    def __init__(self, config: ManipulationConfig | None = None, *, seconds: float = 600.0) -> None:
        super().__init__(config)
        if not 1 <= seconds <= 36_000:
            raise BadInput(f"carry for {seconds:g} s", alternatives=["1 to 36000"])
        self.seconds = seconds
        self.max_steps = round(seconds) + 200
        self.draw_every = 360
        self._lowest_m, self._highest_m, self._nearest_m = np.inf, -np.inf, np.inf
        self._hottest, self._where_hottest = 0.0, ""

    def spec(self) -> "mujoco.MjSpec":
        """The humanoid, pelvis bolted down, with a bag at its right wrist."""
        spec = humanoid(Design(body=BodyDesign(base="fixed")))
        for body in [one.name for one in spec.bodies if one.name]:
            still = body in ("left_upper_arm", "right_thigh", "left_thigh")
            still = still or ((body.endswith(("_0", "metacarpal"))) and body.startswith("right_"))
            if still and spec.body(body) is not None:
                spec.delete(spec.body(body))
        bag = spec.body("right_wrist").add_body(name="bag", pos=[0, 0, 0])
        bag.add_joint(name="bag", type=mujoco.mjtJoint.mjJNT_BALL, damping=[0.3, 0, 0])
        bag.add_geom(
            name="bag", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.05, 0.14, 0.09], mass=10.0, rgba=[0.5, 0.35, 0.2, 1]
        )
        spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
        return spec

    def windings(self) -> Windings:
        """The windings of the drives that the model still has."""
        assert self.model is not None
        return Windings(drives_of(self.model))

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """About ten kilograms, a height between hip and navel, motors that have worked before or not."""
        return {"mass": rng.uniform(9.8, 10.5), "height": rng.uniform(0.92, 1.04), "warm": rng.uniform(0.0, _WORKED_K)}

    def lay(self, model: mujoco.MjModel, data: mujoco.MjData, given: Mapping[str, float]) -> None:
        """The arm stretched, the bag hanging, the motors as warm as they are."""
        bag = model.body("bag").id
        scale = given["mass"] / model.body_mass[bag]
        model.body_mass[bag] *= scale
        model.body_inertia[bag] *= scale
        mujoco.mj_setConst(model, data)
        for name, angle in zip(ARM, STRETCHED, strict=True):
            data.qpos[model.joint(name).qposadr[0]] = angle
            data.ctrl[model.actuator(name).id] = angle
        hang(model, data)
        if self.body is not None and self.body.windings is not None:
            for rise_k in (self.body.windings.winding_k, self.body.windings.housing_k):
                rise_k[[model.actuator(name).id for name in ARM]] = given["warm"]

    def begin(self, body: RobotBody) -> None:
        """Look at every frame period from now on."""
        self._lowest_m, self._highest_m, self._nearest_m = np.inf, -np.inf, np.inf
        self._hottest, self._where_hottest = 0.0, ""
        windings = body.windings
        assert windings is not None

        def watch(model: mujoco.MjModel, data: mujoco.MjData) -> None:
            # The share of what each winding may warm up by: 1 is the limit.
            shares = windings.winding_k / (windings.limit_c - windings.ambient_c)
            if shares.max() > self._hottest:
                self._hottest = float(shares.max())
                self._where_hottest = model.actuator(int(shares.argmax())).name
            if data.time > _ARRIVE_S:
                x, y, z = data.body("right_wrist").xpos
                self._lowest_m, self._highest_m = min(self._lowest_m, z), max(self._highest_m, z)
                self._nearest_m = min(self._nearest_m, float(np.hypot(x, y)))

        body.watch = watch

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """Look for the posture in which the warmest motor stays coolest for ever, take it, and watch."""
        targets = body.data.ctrl.copy()
        numbers = [body.model.actuator(name).id for name in ARM]
        best = coolest(body.model, given)
        if best is None:
            return
        calm = targets.copy()
        calm[numbers] = best
        yield from path(targets, calm, 2.5)
        while body.data.time < self.seconds:
            yield Action(verb="wait", seconds=min(1.0, self.seconds - body.data.time + 0.05))

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """How long it was carried, and the worst of the whole stretch."""
        seconds, cool = float(body.data.time), self._hottest <= 1.0
        there = given["height"] < self._lowest_m and self._highest_m < HIGHEST_M and self._nearest_m > CLEAR_M
        return {
            "right": bool(seconds >= self.seconds and cool and there),
            "harm": not cool,
            "carried_s": seconds,
            "hottest_share_of_limit": self._hottest,
            "hottest": self._where_hottest,
            "lowest_m": float(self._lowest_m) if np.isfinite(self._lowest_m) else None,
            "highest_m": float(self._highest_m) if np.isfinite(self._highest_m) else None,
            "nearest_to_trunk_m": float(self._nearest_m) if np.isfinite(self._nearest_m) else None,
        }


_ARRIVE_S = 4.0
"""So long after the beginning height and distance count: the arm may swing in."""


def drives_of(model: mujoco.MjModel) -> list[Drive]:
    """The design's drives of a model of which parts were left out, in the order of its actuators."""
    by_name = {one.name: one for one in humanoid_drives(Design(body=BodyDesign(base="fixed")))}
    return [by_name[model.actuator(number).name] for number in range(model.nu)]


def hang(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Let the bag hang straight down: its turn undoes the wrist's."""
    mujoco.mj_kinematics(model, data)
    first = model.joint("bag").qposadr[0]
    mujoco.mju_negQuat(data.qpos[first : first + 4], data.body("right_wrist").xquat)


def coolest(model: mujoco.MjModel, given: Mapping[str, float], *, samples: int = 3000) -> np.ndarray | None:
    """The arm's angles that load no motor of the arm near to what it bears for ever, found by sampling and refining.

    A winding ends at a rise that goes with torque squared, so what counts is the largest torque over the continuous one.
    The torques are those that hold everything still (inverse dynamics, no motion).

    Returns:
        Shape (4,), rad; None when no posture keeps the height and the distance.
    """
    data = mujoco.MjData(model)
    rng = np.random.default_rng(0)
    joints = [model.joint(name) for name in ARM]
    low, high = np.array([model.jnt_range[joint.id] for joint in joints]).T
    allowed = np.array([one.continuous_torque_nm for one in drives_of(model)])
    driven = [(number, int(model.jnt_dofadr[model.actuator_trnid[number, 0]])) for number in range(model.nu)]
    places, best, least = [joint.qposadr[0] for joint in joints], None, np.inf
    for sample in range(samples):
        angles = rng.uniform(low, high)
        if sample >= samples // 2 and best is not None:
            angles = np.clip(best + rng.normal(scale=0.1, size=len(ARM)), low, high)
        data.qpos[:] = model.qpos0
        data.qpos[places] = angles
        hang(model, data)
        x, y, z = data.body("right_wrist").xpos
        # The servos give way by a few hundredths of a radian under load.
        if not given["height"] + 0.03 < z < HIGHEST_M - 0.03 or np.hypot(x, y) < CLEAR_M + 0.02 or y > -0.1:
            continue
        data.qvel[:] = 0.0
        data.qacc[:] = 0.0
        mujoco.mj_inverse(model, data)
        load = max(abs(data.qfrc_inverse[dof]) / allowed[number] for number, dof in driven)
        if load < least:
            best, least = angles, load
    return best
