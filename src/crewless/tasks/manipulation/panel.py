"""Take a small solar panel from a rack by its frame, carry it, and lay it onto the rails of a mount, with the humanoid's right arm."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterator, Mapping
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.body import RobotBody
from crewless.body.robot.design import BodyDesign, Design
from crewless.body.robot.humanoid import humanoid
from crewless.body.robot.winding import Windings
from crewless.tasks.manipulation.carry import drives_of
from crewless.tasks.manipulation.control import CONTROL_S, Aim, Kinematics, path
from crewless.tasks.manipulation.stage import ManipulationTask, Script, ahead, touching

DEPTH_M, WIDTH_M, THICK_M = 0.25, 0.35, 0.017
_FRAME_M, _LAMINATE_M = 0.015, 0.005
MASS_KG = 1.2


ARM = (
    "waist_yaw", "waist_roll", "waist_pitch", "right_shoulder_pitch", "right_shoulder_roll", "right_shoulder_yaw",
    "right_elbow", "right_forearm_roll", "right_wrist_deviation", "right_wrist_flexion",
)  # fmt: skip
READY = dict(zip(ARM, (0.0, 0.0, 0.0, 0.5, 0.15, 0.0, -1.9, 1.4, 0.0, 0.2), strict=True))
THUMB = tuple(f"right_thumb_{joint}" for joint in ("opposition", "abduction", "spread", "base", "tip"))
FINGERS = ("index", "middle", "ring", "little")
EDGE_M = 0.070
UNDER_M = 0.0095


class Pose:
    def __init__(self, place, turn):
        self.place, self.turn = np.asarray(place, float), np.asarray(turn, float)

    def __matmul__(self, other):
        return Pose(self.place + self.turn @ other.place, self.turn @ other.turn)

    def inverse(self):
        return Pose(-self.turn.T @ self.place, self.turn.T)

    def moved(self, by):
        return Pose(self.place + self.turn @ np.asarray(by), self.turn)

    def to(self, other, share):
        a, b, rel, vel = np.empty(4), np.empty(4), np.empty(9), np.empty(3)
        mujoco.mju_mat2Quat(a, self.turn.flatten())
        mujoco.mju_mat2Quat(b, other.turn.flatten())
        mujoco.mju_subQuat(vel, b, a)
        mujoco.mju_quatIntegrate(a, vel, share)
        mujoco.mju_quat2Mat(rel, a)
        return Pose(self.place + share * (other.place - self.place), rel.reshape(3, 3))


def of(data, name):
    body = data.body(name)
    return Pose(body.xpos, body.xmat.reshape(3, 3).copy())


PALM_ON_PANEL = Pose([-DEPTH_M / 2, 0, -THICK_M / 2], np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]])) @ Pose([0, -EDGE_M, -UNDER_M], np.eye(3))


class Arm:
    """Steers."""

    def __init__(self, body: RobotBody) -> None:
        self.body, self.kinematics = body, Kinematics(body.model)
        self.kinematics.follow(body.data)
        self.free = self.kinematics.index(ARM)
        self.targets = body.data.ctrl.copy()
        self.rest = self.targets.copy()
        self.extra = np.zeros(len(ARM))
        self.offset = body.model.site_pos[body.model.site("right_palm").id]
        self.error = 0.0

    def solve(self, palm: Pose, steps=8) -> np.ndarray:
        aim = Aim(point=palm.place + palm.turn @ self.offset, normal=palm.turn[:, 2], up=palm.turn[:, 1], turn_weight=0.15)
        found, self.error = self.kinematics.solve({"right_palm": aim}, self.targets, rest=self.rest, free=self.free, steps=steps, rest_weight=2e-3)
        return found

    def send(self, targets, *, correct=True) -> np.ndarray:
        """What holds against weight: the part of the error that stays is added (integral)."""
        if correct:
            have = self.body.data.actuator_length[self.free]
            self.extra = np.clip(self.extra + 0.25 * (self.targets[self.free] - have), -0.15, 0.15)
        self.targets = targets
        out = targets.copy()
        out[self.free] += self.extra
        return out

    def line(self, start: Pose, end: Pose, seconds, **options):
        steps = max(1, round(seconds / CONTROL_S))
        for step in range(1, steps + 1):
            share = step / steps
            share = 10 * share**3 - 15 * share**4 + 6 * share**5
            yield self.send(self.solve(start.to(end, share)), **options)

    def hold(self, seconds, **options):
        for _ in range(round(seconds / CONTROL_S)):
            yield self.send(self.targets, **options)

    def joints(self, end, seconds, **options):
        start = self.targets.copy()
        for row in path(start, end, seconds):
            yield self.send(row, **options)

    def carried(self, start: Pose, end: Pose, seconds, **options):
        """Panel poses."""
        steps = max(1, round(seconds / CONTROL_S))
        for step in range(1, steps + 1):
            share = step / steps
            share = 10 * share**3 - 15 * share**4 + 6 * share**5
            grip = of(self.body.data, "panel").inverse() @ of(self.body.data, "right_palm")
            yield self.send(self.solve(start.to(end, share) @ grip), **options)


def grips(kinematics, data):
    """Opened and closed."""
    model = kinematics.model
    rest = data.ctrl.copy()
    for name, value in zip(THUMB, (1.6, 0.1, -0.35, 0.4, 0.7), strict=True):
        rest[model.actuator(name).id] = value
    kinematics.put(rest)
    palm = of(kinematics.data, "right_palm")
    found = []
    for z, bend in ((0.062, -0.05), (UNDER_M + THICK_M - 0.008, 0.32)):
        aim = Aim(point=palm.place + palm.turn @ [0.008, 0.095, z], normal=-palm.turn[:, 2], turn_weight=0.004)
        targets, error = kinematics.solve({"right_thumb_tip": aim}, rest, free=kinematics.index(THUMB), steps=80, rest_weight=1e-5)
        for finger in FINGERS:
            targets[model.actuator(f"right_{finger}_base").id] = bend
            targets[model.actuator(f"right_{finger}_curl").id] = 0.0 if bend < 0 else 0.15
        found.append(targets)
    return found


def rails_spec(spec, name, *, stops, rgba):
    box = mujoco.mjtGeom.mjGEOM_BOX
    body = spec.worldbody.add_body(name=name, mocap=True)
    feel = {"rgba": rgba, "friction": [0.5, 0.005, 0.0001], "condim": 4}
    for side, y in (("right", -0.13), ("left", 0.13)):
        body.add_geom(name=f"{name}_{side}_rail", type=box, size=[0.13, 0.015, 0.015], pos=[0, y, -0.015], **feel)
        if stops:
            body.add_geom(name=f"{name}_{side}_stop", type=box, size=[0.003, 0.015, 0.006], pos=[-0.133, y, 0.006], **feel)
    body.add_geom(name=f"{name}_beam", type=box, size=[0.015, 0.145, 0.015], pos=[0.10, 0, -0.045], **feel)
    body.add_geom(name=f"{name}_post", type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[0.02, 0.3, 0], pos=[0.10, 0, -0.34], **feel)
    return body


class PanelPlaceTask(ManipulationTask):
    """x"""

    name = "panel_place"
    max_steps = 700

    def spec(self) -> "mujoco.MjSpec":
        spec = humanoid(Design(body=BodyDesign(base="fixed")))
        for name in ("left_upper_arm", "right_thigh", "left_thigh"):
            spec.delete(spec.body(name))
        rails_spec(spec, "rack", stops=False, rgba=[0.55, 0.45, 0.35, 1])
        rails_spec(spec, "mount", stops=True, rgba=[0.7, 0.72, 0.75, 1])
        add_panel(spec)
        spec.worldbody.add_camera(name="side", pos=[1.3, -1.2, 1.6], xyaxes=[0.68, 0.73, 0, -0.3, 0.28, 0.9], fovy=40)
        spec.worldbody.add_camera(name="front", pos=[1.5, 0.1, 1.5], xyaxes=[-0.2, 1, 0, -0.4, -0.08, 0.9], fovy=45)
        return spec

    def windings(self) -> Windings:
        assert self.model is not None
        return Windings(drives_of(self.model))

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        found = {"mass": rng.uniform(1.1, 1.3)}
        for name, azimuth in (("rack", (-1.05, -0.8)), ("mount", (-0.3, 0.05))):
            found |= {
                f"{name}_azimuth": rng.uniform(*azimuth), f"{name}_radius": rng.uniform(0.67, 0.74),
                f"{name}_height": rng.uniform(0.95, 1.10), f"{name}_yaw": rng.uniform(-0.12, 0.12),
            }
        return found | {"mount_tilt": rng.uniform(0.0, 0.2)}

    def lay(self, model, data, given) -> None:
        panel = model.body("panel").id
        scale = given["mass"] / model.body_mass[panel]
        model.body_mass[panel] *= scale
        model.body_inertia[panel] *= scale
        mujoco.mj_setConst(model, data)
        for name in ("rack", "mount"):
            number = model.body(name).mocapid[0]
            place, turn = station(given, name)
            data.mocap_pos[number] = place
            mujoco.mju_mat2Quat(data.mocap_quat[number], turn.flatten())
        for name, angle in READY.items():
            data.qpos[model.joint(name).qposadr[0]] = data.ctrl[model.actuator(name).id] = angle
        place, turn = station(given, "rack")
        first = model.joint("panel").qposadr[0]
        data.qpos[first : first + 3] = place + turn @ [0, 0, THICK_M / 2]
        mujoco.mju_mat2Quat(data.qpos[first + 3 : first + 7], turn.flatten())


    def script(self, body, given):
        arm, data = Arm(body), body.data
        opened, closed = grips(arm.kinematics, data)
        fingers = np.setdiff1d(np.arange(body.model.nu), arm.free)
        panel = of(data, "panel")
        on = panel @ PALM_ON_PANEL
        below = on.moved([0, 0, -0.010])
        back = below.moved([0, -0.12, 0])
        azimuth = np.arctan2(panel.place[1], panel.place[0])
        arm.rest[arm.free[0]] = azimuth + 0.25
        ready = arm.solve(back, steps=120)
        ready[fingers] = opened[fingers]
        yield from arm.joints(ready, 2.0)
        yield from arm.hold(0.3)
        yield from arm.line(back, below, 1.5)
        yield from arm.hold(0.3)
        yield from arm.line(below, on, 0.5)
        grip = arm.targets.copy()
        grip[fingers] = closed[fingers]
        yield from arm.joints(grip, 0.8, correct=False)
        yield from arm.hold(0.4, correct=False)
        panel = of(data, "panel")
        up = Pose(panel.place + [0, 0, 0.12], panel.turn)
        yield from arm.carried(panel, up, 1.5)
        place, turn = station(given, "mount")
        goal = Pose(place, turn).moved([0, 0, THICK_M / 2])
        over = goal.moved([0, 0, 0.12])
        arm.rest[arm.free[0]] = np.arctan2(place[1], place[0]) + 0.25
        yield from arm.carried(up, over, 3.5)
        yield from arm.carried(over, over, 1.0)
        near = goal.moved([0, 0, 0.01])
        yield from arm.carried(over, near, 2.0)
        yield from arm.carried(near, near, 0.5)
        yield from arm.carried(near, goal.moved([0, 0, -0.002]), 1.0, correct=False)
        let = arm.targets.copy()
        let[fingers] = opened[fingers]
        yield from arm.joints(let, 0.8, correct=False)
        palm = of(data, "right_palm")
        lower = palm.moved([0, 0, -0.012])
        yield from arm.line(palm, lower, 0.6, correct=False)
        away = lower.moved([0, -0.12, 0])
        yield from arm.line(lower, away, 1.5)
        yield from arm.hold(0.3)

    def read(self, body, given):
        later = ahead(body, 1.0)
        place, turn = station(given, "mount")
        goal = Pose(place, turn).moved([0, 0, THICK_M / 2])
        offs = [goal.inverse() @ of(data, "panel") for data in (body.data, later)]
        return {"right": all(np.linalg.norm(o.place) < 0.01 and angle(o.turn) < 0.052 for o in offs) and touching(body.model, later, "panel") == {"mount"},
          "off_m": offs[0].place, "angle": angle(offs[0].turn), "touched": sorted(touching(body.model, body.data, "panel"))}


def angle(turn):
    return float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))


def station(given, name):
    a = given[f"{name}_azimuth"]
    yaw, tilt = a + given[f"{name}_yaw"], given.get(f"{name}_tilt", 0.0)
    place = np.array([given[f"{name}_radius"] * np.cos(a), given[f"{name}_radius"] * np.sin(a), given[f"{name}_height"]])
    level = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    # The far end is the higher one.
    rise = np.array([[np.cos(tilt), 0, -np.sin(tilt)], [0, 1, 0], [np.sin(tilt), 0, np.cos(tilt)]])
    return place, level @ rise


def add_panel(spec):
    box = mujoco.mjtGeom.mjGEOM_BOX
    body = spec.worldbody.add_body(name="panel", pos=[0.5, 0, 1.0])
    body.add_freejoint(name="panel")
    feel = {"friction": [0.5, 0.005, 0.0001], "condim": 4}
    half = THICK_M / 2
    body.add_geom(name="laminate", type=box, size=[DEPTH_M / 2 - _FRAME_M, WIDTH_M / 2 - _FRAME_M, _LAMINATE_M / 2],
                  pos=[0, 0, half - _LAMINATE_M / 2 - 0.0005], mass=0.85, rgba=[0.08, 0.12, 0.35, 1], **feel)
    for name, size, pos in (
        ("near", [_FRAME_M / 2, WIDTH_M / 2, half], [-(DEPTH_M - _FRAME_M) / 2, 0, 0]),
        ("far", [_FRAME_M / 2, WIDTH_M / 2, half], [(DEPTH_M - _FRAME_M) / 2, 0, 0]),
        ("right", [DEPTH_M / 2 - _FRAME_M, _FRAME_M / 2, half], [0, -(WIDTH_M - _FRAME_M) / 2, 0]),
        ("left", [DEPTH_M / 2 - _FRAME_M, _FRAME_M / 2, half], [0, (WIDTH_M - _FRAME_M) / 2, 0]),
    ):
        body.add_geom(name=f"frame_{name}", type=box, size=size, pos=pos, mass=0.35 / 4, rgba=[0.8, 0.82, 0.85, 1], **feel)
    body.add_site(name="panel", type=box, size=[0.2, 0.2, 0.05], rgba=[0, 0, 0, 0], group=5)
    spec.add_sensor(name="panel_load", type=mujoco.mjtSensor.mjSENS_TOUCH, objtype=mujoco.mjtObj.mjOBJ_SITE, objname="panel")
