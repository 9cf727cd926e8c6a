"""Plug a solar panel's connector in: take the plug from the table, bring its pin before the socket, push it home.

The socket has no latch, so the hand must still be there: letting go draws the pin out by up to a centimetre."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.body import RobotBody
from crewless.tasks.manipulation.control import CONTROL_S, Kinematics, hold, path
from crewless.tasks.manipulation.gantry import AXES, hover, table_scene
from crewless.tasks.manipulation.grasp import Grasp, Trial, pinches, plan
from crewless.tasks.manipulation.lift import on_gantry, place
from crewless.tasks.manipulation.shapes import Part, Shape
from crewless.tasks.manipulation.stage import ManipulationTask, Script, ahead, touching

PIN_M, PIN_RADIUS_M = 0.030, 0.004
"""Length and radius of the pin, about those of the usual panel connector's (an assumption; makers differ by a millimetre)."""
PLAY_M = 0.0012
"""Room between the pin and each wall of the socket."""
HOME_M = 0.015
"""The pin must be so deep in the socket."""
_BODY_M = (0.045, 0.022, 0.034)
_PLUG = Shape(
    name="plug",
    kind="tool",
    mass_kg=0.03,
    parts=(
        Part(kind="box", size_m=_BODY_M, share=0.9),
        Part(
            kind="cylinder",
            size_m=(PIN_M, 2 * PIN_RADIUS_M, 2 * PIN_RADIUS_M),
            at_m=((_BODY_M[0] + PIN_M) / 2, 0.0, 0.0),
            share=0.1,
        ),
    ),
)
_HEIGHT_M = 0.11
"""Of the socket's hole over the table."""
_DEPTH_M = 0.030
_TIP_M = _BODY_M[0] / 2 + PIN_M


class ConnectorTask(ManipulationTask):
    """A plug lies on the table, a socket stands beside it; the plug is in when its pin is 15 mm deep
    along the hole, and still is a second later.

    Slots: the plug's ``x``, ``y``, m, ``yaw``, rad; the socket's mouth ``socket_x``, ``socket_y``, m, and where it looks, ``socket_yaw``, rad.
    """

    name = "connector"
    max_steps = 320

    def spec(self) -> "mujoco.MjSpec":
        """The hand on a gantry, the plug, and a socket of four walls with a chamfer that funnels a little."""
        spec = table_scene()
        _PLUG.add(spec, "thing", (0.0, 0.0, 0.02))
        socket = spec.worldbody.add_body(name="socket", pos=[0.2, 0, _HEIGHT_M], mocap=True)
        wide, room = 0.012, PIN_RADIUS_M + PLAY_M
        box = mujoco.mjtGeom.mjGEOM_BOX
        looks = {"rgba": [0.2, 0.25, 0.35, 1.0], "friction": [0.3, 0.005, 0.0001], "condim": 4}
        for axis, sign in ((1, 1), (1, -1), (2, 1), (2, -1)):
            pos, size = np.array([_DEPTH_M / 2, 0.0, 0.0]), np.array([_DEPTH_M / 2, wide, wide])
            pos[axis] = sign * (room + wide / 2)
            size[axis] = wide / 2
            socket.add_geom(type=box, pos=pos.tolist(), size=size.tolist(), **looks)
            # The mouth: a wall that leans outwards, 6 mm long, at 35 degrees.
            lean, half = np.radians(35), 0.003
            mouth = np.array([-half * np.cos(lean), 0.0, 0.0])
            mouth[axis] = sign * (room + half * np.sin(lean) + 0.0015)
            flat = np.array([half, wide, wide])
            flat[axis] = 0.0015
            turn = np.zeros(3)
            turn[3 - axis] = -sign * lean if axis == 1 else sign * lean
            quat = np.empty(4)
            mujoco.mju_axisAngle2Quat(quat, turn / lean, lean)
            socket.add_geom(type=box, pos=mouth.tolist(), size=flat.tolist(), quat=quat.tolist(), **looks)
        socket.add_geom(type=box, pos=[_DEPTH_M + 0.004, 0, 0], size=[0.004, 0.018, 0.018], **looks)
        socket.add_site(name="mouth", size=[0.002] * 3, group=4)
        return spec

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """The plug within 12 cm, the socket before it."""
        return {
            "x": rng.uniform(-0.12, -0.02), "y": rng.uniform(-0.06, 0.06), "yaw": rng.uniform(-0.4, 0.4),
            "socket_x": rng.uniform(0.12, 0.18), "socket_y": rng.uniform(-0.08, 0.08), "socket_yaw": rng.uniform(-0.3, 0.3),
        }  # fmt: skip

    def lay(self, model: mujoco.MjModel, data: mujoco.MjData, given: Mapping[str, float]) -> None:
        """Plug and socket at their places."""
        place(model, data, "thing", (given["x"], given["y"], _BODY_M[2] / 2), given["yaw"])
        yaw = given["socket_yaw"]
        data.mocap_pos[0] = [given["socket_x"], given["socket_y"], _HEIGHT_M]
        data.mocap_quat[0] = [np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """Pinch the plug's body, lift, line the pin up by what is seen of it, push against the give of the fingers."""
        trial, grasp = _planned()
        kinematics = Kinematics(body.model)
        gantry = kinematics.index([f"right_{axis}" for axis in AXES])
        opened, closed = on_gantry(kinematics, trial, grasp)
        thing = body.data.body("thing").xpos.copy()
        low = hover(kinematics, grasp.centre_m, thing, given["yaw"], opened)
        high = hover(kinematics, grasp.centre_m, thing + [0.0, 0.0, 0.12], given["yaw"], low)
        gripped, lifted = closed.copy(), closed.copy()
        gripped[gantry], lifted[gantry] = low[gantry], high[gantry]
        yield from path(body.data.ctrl.copy(), high, 1.2)
        yield from path(high, low, 0.8)
        yield from path(low, gripped, 0.7)
        yield from hold(gripped, 0.4)
        yield from path(gripped, lifted, 0.9)
        # From here on by feedback: the gantry moves by what is left between the pin and where it should be.
        targets = lifted.copy()
        for back, seconds, speed in ((0.03, 3.0, 0.12), (0.012, 1.5, 0.03), (-_DEPTH_M + 0.001, 3.0, 0.02)):
            for _ in range(round(seconds / CONTROL_S)):
                move, turn = _left(body, given, back)
                if back > 0 and np.linalg.norm(move) < 0.0006 and abs(turn) < 0.01:
                    break
                if back < 0 and _depth(body.data, given) > HOME_M + 0.010:
                    break
                targets = targets.copy()
                # The turn is about the gantry's middle, so the place is corrected as it turns.
                targets[gantry[3]] += np.clip(0.5 * turn, -0.03, 0.03)
                targets[gantry[:3]] += np.clip(0.5 * move, -speed * CONTROL_S, speed * CONTROL_S)
                yield targets
        yield from hold(targets, 0.3)

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """How deep the pin is now and a second later, how far beside the axis, and what touches the plug."""
        later = ahead(body, 1.0)
        depths = [_depth(data, given) for data in (body.data, later)]
        beside = [float(np.linalg.norm(_pin(data, given)[1:])) for data in (body.data, later)]
        touched = touching(body.model, later, "thing")
        inside = min(depths) > HOME_M and max(beside) < PLAY_M + PIN_RADIUS_M
        return {
            "right": inside and "socket" in touched, "depth_m": depths[0], "depth_after_1_s_m": depths[1],
            "beside_axis_m": beside[0], "touched_by": sorted(touched),
        }  # fmt: skip


_PLAN: list[tuple[Trial, Grasp]] = []


def _planned() -> tuple[Trial, Grasp]:
    """The plug is always the same, so it is planned once. Its pin points to the palm's -x, which is the world's +x."""
    if not _PLAN:
        trial = Trial(Shape(name="plug", kind="box", mass_kg=_PLUG.mass_kg, parts=_PLUG.parts[:1]))
        grasp = plan(trial, ways=lambda one: (way for way in pinches(one, 0.014) if way.fingers == 2))
        assert grasp is not None
        _PLAN.append((trial, grasp))
    return _PLAN[0]


def _socket_axes(given: Mapping[str, float]) -> np.ndarray:
    yaw = given["socket_yaw"]
    return np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])


def _pin(data: mujoco.MjData, given: Mapping[str, float]) -> np.ndarray:
    """The pin's tip in the socket's frame, its mouth the origin, x going in. Shape (3,), m."""
    thing = data.body("thing")
    tip = thing.xpos + thing.xmat.reshape(3, 3) @ [_TIP_M, 0.0, 0.0]
    return _socket_axes(given).T @ (tip - [given["socket_x"], given["socket_y"], _HEIGHT_M])


def _depth(data: mujoco.MjData, given: Mapping[str, float]) -> float:
    return float(_pin(data, given)[0])


def _left(body: RobotBody, given: Mapping[str, float], back: float) -> tuple[np.ndarray, float]:
    """What moves the pin's tip to ``back`` before the mouth (m, world) and what turns the plug along the socket (rad)."""
    axes = _socket_axes(given)
    tip = _pin(body.data, given)
    move = axes @ (np.array([-back, 0.0, 0.0]) - tip)
    ahead_ = body.data.body("thing").xmat.reshape(3, 3)[:, 0]
    turn = given["socket_yaw"] - float(np.arctan2(ahead_[1], ahead_[0]))
    return move, turn
