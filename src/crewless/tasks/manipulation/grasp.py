"""A simple grasp planner: try a few ways to take a thing in simulation, keep the one that holds best.

Two families. *Pinch*: the pads of the thumb and of one to four fingers on opposite sides, found by inverse kinematics.
*Wrap*: the thing against the palm, the fingers bent around it as far as they come. Each is tried in the planner's own
simulation: the hand closes on the thing, then is shaken by gravity in six directions for a short while.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from crewless.body.robot.hand import CONTROL_SUBSTEPS, hand
from crewless.tasks.manipulation.control import CONTROL_S, Aim, Kinematics, path
from crewless.tasks.manipulation.shapes import Shape
from crewless.tasks.manipulation.stage import touching

DIRECTIONS = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], float)
GRAVITY_M_S2 = 9.81
LOST_M = 0.03
"""A thing whose middle has moved so far in the hand is not held any more."""
FINGERS = ("index", "middle", "ring", "little")
_THUMBS = (
    (1.3, 0.3, 0.8, 0.0),
    (1.0, 0.0, 0.8, 0.0),
    (1.6, 0.0, 0.8, 0.0),
    (1.3, -0.5, 1.2, -0.35),
    (1.6, -0.5, 1.5, -0.35),
    (1.3, 0.5, 0.0, 0.0),
    (0.7, 0.4, 0.0, 0.0),
)
"""Opposition, abduction, opposition before, spread: a thick thing needs a thumb that stands up or comes from the side."""
_HIGHER_M = (0.0, 0.006, 0.012, 0.018)
_HEADS_X_M = {"index": 0.028, "middle": 0.005, "ring": -0.017, "little": -0.037}


@dataclass(frozen=True, kw_only=True, eq=False)
class Grasp:
    """How a thing is taken."""

    way: str
    centre_m: np.ndarray
    """Shape (3,): the thing's origin in the palm's frame."""
    quat: np.ndarray
    """Shape (4,): the thing's turn in the palm's frame."""
    opened: np.ndarray
    """Shape (nu,): actuators before."""
    fingers: int = 4
    """So many from the index finger on, and the thumb."""
    closed: np.ndarray
    """Shape (nu,): actuators' targets when it is held; they lie inside the thing, which makes the force."""


@dataclass(frozen=True, kw_only=True)
class TrialConfig:
    """What a trial differs in from the planner's: a judge takes another world than the one that was planned in."""

    friction: float = 1.0
    """Times the sliding friction of everything, pads and thing and table."""
    mass: float = 1.0
    """Times the thing's mass and inertia."""
    shift_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """The thing lies beside where it is thought to be; in the palm's frame. On a table it only slides: z counts for nothing."""
    turn_rad: float = 0.0
    """And so much turned about the palm's normal."""
    table: bool = False
    """The hand is over a table, palm down, and the thing lies there with its weight until it is lifted; else it is presented without
    weight."""


_TABLE_M = 0.02
_LIFT_M, _LIFT_S = 0.15, 1.0


class Trial:
    """A hand, bolted down, and a thing, in a simulation of its own."""

    def __init__(self, shape: Shape, config: TrialConfig | None = None) -> None:
        self.config = config or TrialConfig()
        spec = hand()
        if self.config.table:
            top = spec.worldbody.add_body(name="table", mocap=True, pos=[0.0, 0.0, -1.0])
            top.add_geom(name="table", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.4, 0.4, _TABLE_M / 2])
        shape.add(spec, "thing", (0.0, 0.0, 0.5))
        spec.option.gravity = [0.0, 0.0, 0.0]
        self.shape = shape
        self.model = spec.compile()
        self.model.geom_friction[:, 0] *= self.config.friction
        thing = self.model.body("thing").id
        self.model.body_mass[thing] *= self.config.mass
        self.model.body_inertia[thing] *= self.config.mass
        self.data = mujoco.MjData(self.model)
        self.kinematics = Kinematics(self.model)

    def close(self, grasp: Grasp, seconds: float = 0.7) -> bool:
        """Close on the thing, presented without weight or lying on the table, and lift it. False when it does not stay in the hand.

        False too when hand, thing and table would be inside each other before.
        """
        model, data = self.model, self.data
        mujoco.mj_resetData(model, data)
        self.kinematics.put(grasp.opened)
        data.qpos[:] = self.kinematics.data.qpos
        mujoco.mj_kinematics(model, data)
        palm = data.body("palm")
        axes = palm.xmat.reshape(3, 3)
        place = model.joint("thing").qposadr[0]
        shift = np.array(self.config.shift_m) * (1.0, 1.0, 0.0 if self.config.table else 1.0)
        data.qpos[place : place + 3] = palm.xpos + axes @ (grasp.centre_m + shift)
        about = np.array([np.cos(self.config.turn_rad / 2), 0.0, 0.0, np.sin(self.config.turn_rad / 2)])
        mujoco.mju_mulQuat(data.qpos[place + 3 : place + 7], palm.xquat, _times(about, grasp.quat))
        model.opt.gravity[:] = 0.0
        data.ctrl[:] = grasp.opened
        if self.config.table:
            mujoco.mj_kinematics(model, data)
            data.mocap_pos[0] = palm.xpos + axes[:, 2] * (self._deepest_m(palm.xpos, axes[:, 2]) + _TABLE_M / 2)
            data.mocap_quat[0] = palm.xquat
            # Off the palm is down.
            model.opt.gravity[:] = GRAVITY_M_S2 * axes[:, 2]
        mujoco.mj_forward(model, data)
        if any(contact.dist < -0.002 for contact in data.contact):
            return False
        for targets in path(grasp.opened, grasp.closed, seconds):
            data.ctrl[:] = targets
            mujoco.mj_step(model, data, CONTROL_SUBSTEPS)
        mujoco.mj_step(model, data, 12 * CONTROL_SUBSTEPS)
        if self.config.table:
            down = axes[:, 2] * _LIFT_M / round(_LIFT_S / CONTROL_S)
            for _ in range(round(_LIFT_S / CONTROL_S)):
                data.mocap_pos[0] += down
                mujoco.mj_step(model, data, CONTROL_SUBSTEPS)
            if not np.linalg.norm(self.where() - grasp.centre_m) < 0.06:
                return False
            # Away with it: gravity will come from all sides.
            data.mocap_pos[0] = palm.xpos + axes[:, 2] * 10.0
        return len(touching(model, data, "thing")) >= 2 and bool(np.linalg.norm(self.where() - grasp.centre_m) < 0.06)

    def _deepest_m(self, origin: np.ndarray, axis: np.ndarray) -> float:
        """How far the thing reaches along an axis from a point."""
        model, data, most = self.model, self.data, -np.inf
        for geom in np.flatnonzero(model.geom_bodyid == model.body("thing").id):
            kind, size = model.geom_type[geom], model.geom_size[geom]
            local = data.geom_xmat[geom].reshape(3, 3).T @ axis
            if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
                reach = size[0]
            elif kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
                reach = size[0] * np.hypot(local[0], local[1]) + size[1] * abs(local[2])
            else:
                reach = float(np.abs(local) @ size)
            most = max(most, float((data.geom_xpos[geom] - origin) @ axis + reach))
        return most

    def where(self) -> np.ndarray:
        """The thing in the palm's frame, shape (3,), m."""
        palm = self.data.body("palm")
        return palm.xmat.reshape(3, 3).T @ (self.data.body("thing").xpos - palm.xpos)

    def shake(self, seconds: float) -> np.ndarray:
        """Gravity in each of six directions, each from where the hand has closed. Shape (6,): metres it slipped; inf: lost."""
        kind = mujoco.mjtState.mjSTATE_INTEGRATION
        state = np.empty(mujoco.mj_stateSize(self.model, kind))
        mujoco.mj_getState(self.model, self.data, state, kind)
        slips, start = np.zeros(len(DIRECTIONS)), self.where()
        for number, direction in enumerate(DIRECTIONS):
            mujoco.mj_setState(self.model, self.data, state, kind)
            self.model.opt.gravity[:] = GRAVITY_M_S2 * direction
            for _ in range(round(seconds / CONTROL_S)):
                mujoco.mj_step(self.model, self.data, CONTROL_SUBSTEPS)
                slips[number] = np.linalg.norm(self.where() - start)
                if not slips[number] < LOST_M:
                    slips[number] = np.inf
                    break
            else:
                if len(touching(self.model, self.data, "thing")) < 2:
                    slips[number] = np.inf
        self.model.opt.gravity[:] = 0.0
        mujoco.mj_setState(self.model, self.data, state, kind)
        return slips


def plan(
    trial: Trial,
    *,
    ways: Callable[[Trial], Iterator[Grasp]] | None = None,
    enough_m: float = 0.008,
    finalists: int = 4,
    doubts: Sequence[Trial] = (),
) -> Grasp | None:
    """The grasp under which the thing slips least. None when no way holds it.

    Args:
        trial: the planner's simulation.
        ways: what is tried; :func:`candidates` when None.
        enough_m: slipping less than this in a long shake ends the search.
        finalists: so many that hold through a short shake (0.5 s) are shaken for long (2.5 s).
        doubts: the same thing elsewhere or otherwise; a grasp must take it there too.
    """
    best, best_m, tried = None, np.inf, 0
    for grasp in (ways or candidates)(trial):
        if not trial.close(grasp) or not trial.shake(0.5).max() < LOST_M:
            continue
        if not all(other.close(grasp) for other in doubts):
            continue
        slip_m = float(trial.shake(2.5).max())
        tried += 1
        if slip_m < best_m:
            best, best_m = grasp, slip_m
        if best_m < enough_m or tried == finalists:
            break
    return best


def candidates(trial: Trial) -> Iterator[Grasp]:
    """Likely ones first: small things are pinched, larger ones wrapped, and then the other way round.

    What lies on a table has no room for fingers under it: the hand stays higher by some steps as well.
    """
    if trial.config.table:
        for grasp in (*pinches(trial), *wraps(trial)):
            for higher_m in _HIGHER_M:
                yield replace(grasp, centre_m=grasp.centre_m + np.array([0.0, 0.0, higher_m]))
        return
    thick = min(trial.shape.grip_m[1:])
    families = [pinches(trial), wraps(trial)] if thick < 0.022 else [wraps(trial), pinches(trial)]
    for family in families:
        yield from family


def _turns(shape: Shape) -> list[np.ndarray]:
    """Ways to lay the thing in the hand: its long axis across the fingers, as it is and turned about itself by a quarter."""
    about_x = np.array([0.5**0.5, 0.5**0.5, 0.0, 0.0])
    straight = np.array([1.0, 0.0, 0.0, 0.0])
    _, y, z = shape.grip_m
    turns = [straight] if abs(y - z) < 1e-4 else [straight, about_x] if y < z else [about_x, straight]
    if len(shape.parts) == 1:
        return turns
    # A tool's head lies on the thumb's side or on the other.
    around = np.array([0.0, 0.0, 0.0, 1.0])
    return [*turns, *(_times(around, turn) for turn in turns)]


def _times(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    both = np.empty(4)
    mujoco.mju_mulQuat(both, left, right)
    return both


def _extent(shape: Shape, quat: np.ndarray) -> tuple[float, float]:
    """Half the thickness across the grip (palm's y) and off the palm (palm's z)."""
    _, y, z = shape.grip_m
    turned = np.empty(9)
    mujoco.mju_quat2Mat(turned, quat)
    return (y / 2, z / 2) if abs(turned[4]) > 0.9 else (z / 2, y / 2)


def pinches(trial: Trial, squeeze_m: float = 0.018) -> Iterator[Grasp]:
    """The thing between the pads of the thumb and of one to four fingers."""
    shape, kinematics = trial.shape, trial.kinematics
    # A thing that lies on a table is never quite where it is thought to be, so the fingers come down further apart.
    apart_m = 0.026 if trial.config.table else 0.012
    for quat in _turns(shape):
        half_y, _ = _extent(shape, quat)
        for count in (2, 4, 1, 3):
            fingers = FINGERS[:count]
            if shape.grip_m[0] < 0.02 * count - 0.012 and count > 1:
                continue
            middle_x = float(np.mean([_HEADS_X_M[finger] for finger in fingers]))
            for height in (0.055, 0.07, 0.042):
                for along in (0.095, 0.11, 0.08):
                    centre = np.array([middle_x, along, height])
                    found = [
                        _pads(kinematics, fingers, centre, half_y + beyond) for beyond in (apart_m, 0.0, -squeeze_m)
                    ]
                    if found[1][1] > 0.008:
                        continue
                    yield Grasp(
                        way=f"pinch with {count}",
                        fingers=count,
                        centre_m=centre,
                        quat=quat,
                        opened=found[0][0],
                        closed=found[2][0],
                    )


def _pads(
    kinematics: Kinematics, fingers: tuple[str, ...], centre: np.ndarray, half_m: float
) -> tuple[np.ndarray, float]:
    """Targets that put the pads on both sides of a point in the palm's frame, and the largest error."""
    model = kinematics.model
    rest = np.zeros(model.nu)
    for name, value in {"thumb_opposition": 1.5, "thumb_base": 0.3, "thumb_tip": 0.2}.items():
        rest[model.actuator(name).id] = value
    for finger in FINGERS:
        bent = finger in fingers
        rest[model.actuator(f"{finger}_base").id] = 1.1 if bent else 0.3
        rest[model.actuator(f"{finger}_curl").id] = 0.5 if bent else 0.3
    names = [f"thumb_{joint}" for joint in ("opposition", "abduction", "spread", "base", "tip")]
    names += [f"{finger}_{joint}" for finger in fingers for joint in ("spread", "base", "curl")]
    kinematics.put(rest)
    palm = kinematics.data.body("palm")
    origin, axes = palm.xpos.copy(), palm.xmat.reshape(3, 3).copy()
    mean_x = float(np.mean([_HEADS_X_M[finger] for finger in fingers]))
    aims = {
        f"{finger}_tip": Aim(
            point=origin + axes @ (centre + np.array([0.8 * (_HEADS_X_M[finger] - mean_x), half_m, 0.0])),
            normal=axes @ np.array([0.0, -1.0, 0.0]),
            turn_weight=0.004,
        )
        for finger in fingers
    }
    aims["thumb_tip"] = Aim(
        point=origin + axes @ (centre - np.array([0.0, half_m, 0.0])),
        normal=axes @ np.array([0.0, 1.0, 0.0]),
        turn_weight=0.004,
    )
    return kinematics.solve(aims, rest, free=kinematics.index(names), steps=40)


def wraps(trial: Trial) -> Iterator[Grasp]:
    """The thing against the palm, the fingers bent around it, the thumb against them."""
    shape, model = trial.shape, trial.model
    for quat in _turns(shape):
        _half_y, half_z = _extent(shape, quat)
        for along in (0.085, 0.10, 0.115, 0.13):
            for lift in (0.004, 0.012, 0.022):
                for opposition, abduction, before, spread in _THUMBS:
                    centre = np.array([0.0, along, 0.009 + lift + half_z])
                    opened, closed = np.zeros(model.nu), np.zeros(model.nu)

                    def put(name: str, before: float, after: float, rows=(opened, closed)) -> None:
                        number = model.actuator(name).id
                        rows[0][number], rows[1][number] = before, after

                    for finger in FINGERS:
                        put(f"{finger}_base", 0.0, 1.5)
                        put(f"{finger}_curl", 0.2, 2.3)
                    put("thumb_opposition", before, opposition)
                    put("thumb_abduction", abduction, abduction)
                    put("thumb_spread", spread, spread)
                    put("thumb_base", -0.1, 0.9)
                    put("thumb_tip", 0.0, 1.1)
                    yield Grasp(
                        way=f"wrap, thumb at {opposition:g}", centre_m=centre, quat=quat, opened=opened, closed=closed
                    )
