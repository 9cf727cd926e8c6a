"""Take a block from a table between thumb and fingertips, lift it, and keep it."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.robot_body import RobotBody
from crewless.tasks.manipulation.control import Kinematics, hold, path
from crewless.tasks.manipulation.gantry import AXES, hover, table_scene
from crewless.tasks.manipulation.grasp import Grasp, Trial, pinches, plan
from crewless.tasks.manipulation.shapes import Shape, ShapePart
from crewless.tasks.manipulation.stage import ManipulationTask, Script, ahead, touching

LIFTED_M = 0.08
"""The block's middle must be so much higher than it lay."""
_CLEAR_M = 0.09


class PinchLiftTask(ManipulationTask):
    """A block lies on a table; it must be 8 cm higher, held by the hand alone, and still be a second later.

    Slots: ``x``, ``y``, m; ``yaw``, rad; the block's ``length``, ``width``, ``height``, m; ``mass``, kg.
    """

    name = "pinch_lift"
    max_steps = 160

    def spec(self) -> "mujoco.MjSpec":
        """The hand on a gantry, and a block whose size each case sets."""
        spec = table_scene()
        _block(0.04, 0.03, 0.04, 0.1).add(spec, "thing", (0.0, 0.0, 0.02))
        return spec

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """A block of 30 to 300 g, 16 to 40 mm thick, somewhere in a square of 16 cm."""
        return {
            "x": rng.uniform(-0.08, 0.08), "y": rng.uniform(-0.08, 0.08), "yaw": rng.uniform(-0.5, 0.5),
            "length": rng.uniform(0.035, 0.06), "width": rng.uniform(0.016, 0.04), "height": rng.uniform(0.03, 0.05),
            "mass": rng.uniform(0.03, 0.3),
        }  # fmt: skip

    def lay(self, model: mujoco.MjModel, data: mujoco.MjData, given: Mapping[str, float]) -> None:
        """The block at its place; its size and mass go into the model."""
        resize(model, data, "thing", (given["length"], given["width"], given["height"]), given["mass"])
        place(model, data, "thing", (given["x"], given["y"], given["height"] / 2), given["yaw"])

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """Plan a pinch in a simulation of one's own, hover, open, go down, close, lift."""
        trial = Trial(_block(given["length"], given["width"], given["height"], given["mass"]))
        grasp = plan(trial, ways=pinches)
        if grasp is None:
            return
        kinematics = Kinematics(body.model)
        opened, closed = on_gantry(kinematics, trial, grasp)
        thing = body.data.body("thing").xpos.copy()
        yaw = given["yaw"]
        low = hover(kinematics, grasp.centre_m, thing, yaw, opened)
        high = hover(kinematics, grasp.centre_m, thing + [0.0, 0.0, _CLEAR_M], yaw, low)
        gripped, lifted = closed.copy(), closed.copy()
        gantry = kinematics.index([f"right_{axis}" for axis in AXES])
        gripped[gantry], lifted[gantry] = low[gantry], high[gantry]
        lifted[kinematics.index(("right_gantry_z",))] += 0.03
        yield from path(body.data.ctrl.copy(), high, 1.2)
        yield from path(high, low, 0.8)
        yield from hold(low, 0.15)
        yield from path(low, gripped, 0.7)
        yield from hold(gripped, 0.4)
        yield from path(gripped, lifted, 1.0)
        yield from hold(lifted, 0.4)

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """The block's height now and after a second more, and what touches it."""
        later = ahead(body, 1.0)
        lifts = [float(data.body("thing").xpos[2]) - given["height"] / 2 for data in (body.data, later)]
        touched = [touching(body.model, data, "thing") for data in (body.data, later)]
        by_hand = all("world" not in bodies and len(bodies) >= 2 for bodies in touched)
        return {
            "right": min(lifts) > LIFTED_M and by_hand,
            "lift_m": lifts[0],
            "lift_after_1_s_m": lifts[1],
            "touched_by": sorted(touched[0]),
        }


def on_gantry(
    kinematics: Kinematics, trial: Trial, grasp: Grasp, prefix: str = "right_"
) -> tuple[np.ndarray, np.ndarray]:
    """A planned grasp's postures as targets of a scene in which the hand hangs on something. Each of shape (nu,)."""
    found = []
    for posture in (grasp.opened, grasp.closed):
        targets = np.zeros(kinematics.model.nu)
        for number in range(trial.model.nu):
            targets[kinematics.model.actuator(prefix + trial.model.actuator(number).name).id] = posture[number]
        found.append(targets)
    return found[0], found[1]


def resize(
    model: mujoco.MjModel, data: mujoco.MjData, thing: str, size_m: tuple[float, float, float], mass_kg: float
) -> None:
    """Give a box other sides and another mass: whoever lays a case out chooses the box."""
    body, half = model.body(thing).id, np.array(size_m) / 2
    geom = model.body_geomadr[body]
    model.geom_size[geom] = half
    model.geom_rbound[geom] = np.linalg.norm(half)
    model.geom_aabb[geom] = [0, 0, 0, *half]
    model.body_mass[body] = mass_kg
    model.body_inertia[body] = (
        mass_kg / 3 * np.array([half[1] ** 2 + half[2] ** 2, half[0] ** 2 + half[2] ** 2, half[0] ** 2 + half[1] ** 2])
    )
    mujoco.mj_setConst(model, data)


def place(model: mujoco.MjModel, data: mujoco.MjData, thing: str, at_m: tuple[float, float, float], yaw: float) -> None:
    """Lay a thing on a free joint somewhere, turned about the vertical."""
    first = model.joint(thing).qposadr[0]
    data.qpos[first : first + 7] = [*at_m, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]


def _block(length: float, width: float, height: float, mass: float) -> Shape:
    return Shape(name="block", kind="box", mass_kg=mass, parts=(ShapePart(kind="box", size_m=(length, width, height)),))
