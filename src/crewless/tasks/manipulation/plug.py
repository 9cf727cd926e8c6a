"""Plug a solar panel's connector in: take the plug from its block, bring its pin before the socket, push until it is caught, let go."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.robot_body import RobotBody
from crewless.tasks.manipulation.connector import (
    GRIP_M,
    HOME_M,
    PLAY_M,
    add_plug,
    add_socket,
    pin,
    push_on_socket_n,
    set_up,
    socket_quat,
)
from crewless.tasks.manipulation.gantry import table_scene
from crewless.tasks.manipulation.insert import plug_in
from crewless.tasks.manipulation.lift import place
from crewless.tasks.manipulation.stage import ManipulationTask, Script, ahead, touching

HARM_N = 100.0
"""A socket that was pushed harder counts as broken; an assumption: twice what makers allow for plugging in."""
_BLOCK_M = (0.016, 0.012, 0.040)
"""What the plug lies on, so that fingers get round it."""


class ConnectorTask(ManipulationTask):
    """A plug lies on a block, a socket stands beside it. The plug is in when its pin is home, and stays home without the hand.

    Slots: the plug's ``x``, ``y``, m, ``yaw``, rad; the socket's mouth ``socket_x``, ``socket_y``, ``socket_z``, m, and which way
    its hole leads: ``socket_yaw`` about the vertical, ``socket_tilt`` downwards, rad; the plug's ``mass``, kg; how hard each spring of the
    catch presses, ``catch``, N.
    """

    name = "connector"
    max_steps = 450
    _push_n = 0.0
    """The hardest push on the socket since the case began."""

    def spec(self) -> "mujoco.MjSpec":
        """The hand on a gantry, the plug on its block, and the socket."""
        spec = table_scene()
        add_plug(spec, "thing", (0.0, 0.0, _BLOCK_M[2] + GRIP_M[2] / 2))
        add_socket(spec, "socket")
        block = spec.worldbody.add_body(name="block", pos=[0.0, 0.0, _BLOCK_M[2] / 2], mocap=True)
        block.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[side / 2 for side in _BLOCK_M],
            rgba=[0.6, 0.62, 0.66, 1.0],
            condim=4,
        )
        return spec

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """The plug within 12 cm, the socket before it, 10 to 14 cm high, leaning by up to 9 degrees, its catch weaker or stronger."""
        return {
            "x": rng.uniform(-0.12, -0.02), "y": rng.uniform(-0.06, 0.06), "yaw": rng.uniform(-0.4, 0.4),
            "socket_x": rng.uniform(0.12, 0.18), "socket_y": rng.uniform(-0.08, 0.08), "socket_z": rng.uniform(0.10, 0.14),
            "socket_yaw": rng.uniform(-0.3, 0.3), "socket_tilt": rng.uniform(-0.15, 0.15),
            "mass": rng.uniform(0.03, 0.06), "catch": rng.uniform(7.0, 11.0),
        }  # fmt: skip

    def lay(self, model: mujoco.MjModel, data: mujoco.MjData, given: Mapping[str, float]) -> None:
        """Plug, block and socket at their places; the plug's mass and the catch's springs go into the model."""
        set_up(model, data, "thing", "socket", given["mass"], given["catch"])
        place(model, data, "thing", (given["x"], given["y"], _BLOCK_M[2] + GRIP_M[2] / 2), given["yaw"])
        block, socket = (model.body(name).mocapid[0] for name in ("block", "socket"))
        data.mocap_pos[block] = [given["x"], given["y"], _BLOCK_M[2] / 2]
        data.mocap_quat[block] = [np.cos(given["yaw"] / 2), 0.0, 0.0, np.sin(given["yaw"] / 2)]
        data.mocap_pos[socket] = [given["socket_x"], given["socket_y"], given["socket_z"]]
        data.mocap_quat[socket] = socket_quat(given)

    def begin(self, body: RobotBody) -> None:
        """From now on the hardest push on the socket is remembered."""
        self._push_n, last_n = 0.0, 0.0

        def feel(model: mujoco.MjModel, data: mujoco.MjData) -> None:
            nonlocal last_n
            now_n = push_on_socket_n(model, data)
            # Two readings 28 ms apart: the knock of a plug that snaps in is no push.
            self._push_n, last_n = max(self._push_n, min(now_n, last_n)), now_n

        body.watch = feel

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """See :func:`crewless.tasks.manipulation.insert.plug_in`."""
        return plug_in(body, given)

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """How deep the pin is now and a second later, how far beside the axis, what then touches the plug, how hard the socket was pushed."""
        later = ahead(body, 1.0)
        tips = [pin(data, given) for data in (body.data, later)]
        beside = [float(np.hypot(place[1], place[2])) for place in tips]
        touched = touching(body.model, later, "thing")
        home = min(float(place[0]) for place in tips) > HOME_M and max(beside) < 2 * PLAY_M
        alone = "socket" in touched and all(name.startswith("socket") for name in touched)
        return {
            "right": home and alone, "depth_m": tips[0][0], "depth_after_1_s_m": tips[1][0], "beside_axis_m": beside[0],
            "touched_by": sorted(touched), "push_n": self._push_n, "harm": self._push_n > HARM_N,
        }  # fmt: skip
