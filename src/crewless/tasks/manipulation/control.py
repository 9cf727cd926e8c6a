"""What the oracles steer with: inverse kinematics over the actuators, and paths of least jerk. No physics is touched here.

Everything is computed on a copy of the model's state and comes out as targets for the actuators.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from crewless.core.services import SERVICES

_SINGLE = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
CONTROL_S = SERVICES["control"].period_s


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """Where a site should be."""

    point: np.ndarray
    """Shape (3,), m."""
    normal: np.ndarray | None = None
    """Shape (3,): where the site's z axis should look. None: anywhere."""
    up: np.ndarray | None = None
    """Shape (3,): where the site's y axis should look. None: anywhere."""
    turn_weight: float = 0.02
    """Metres of error that one radian of turning counts for."""


class Kinematics:
    """A model seen through its actuators: their targets in, places of sites out.

    An actuator on a joint sets that joint. One on a tendon over several joints sets them as they go when nothing is touched:
    the joints share the tendon's force and give way by their springs, q_i = c_i T / k_i.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self.model = model
        self.data = mujoco.MjData(model)
        self.spread = _spread(model)
        """Shape (nv, nu): how each degree of freedom follows each actuator."""
        self.low, self.high = np.where(
            model.actuator_ctrllimited[:, None] > 0, model.actuator_ctrlrange, [[-np.inf, np.inf]]
        ).T
        self._driven = np.flatnonzero(self.spread.any(axis=1))
        self._address = np.zeros(model.nv, int)
        for joint in range(model.njnt):
            if int(model.jnt_type[joint]) in _SINGLE:
                self._address[model.jnt_dofadr[joint]] = model.jnt_qposadr[joint]

    def index(self, names: Sequence[str]) -> np.ndarray:
        """The numbers of actuators by name."""
        return np.array([self.model.actuator(name).id for name in names], int)

    def follow(self, data: mujoco.MjData) -> None:
        """Take over where everything is, the things in the hand included."""
        self.data.qpos[:] = data.qpos
        self.data.mocap_pos[:], self.data.mocap_quat[:] = data.mocap_pos, data.mocap_quat

    def put(self, targets: np.ndarray) -> None:
        """Where everything is once the actuators have reached their targets. Shape (nu,)."""
        self.data.qpos[self._address[self._driven]] = self.spread[self._driven] @ targets
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)

    def site(self, name: str) -> np.ndarray:
        """Shape (3,), m, in the world."""
        return self.data.site(name).xpos.copy()

    def solve(
        self,
        aims: Mapping[str, Aim],
        start: np.ndarray,
        *,
        rest: np.ndarray | None = None,
        free: np.ndarray | None = None,
        steps: int = 80,
        rest_weight: float = 1e-3,
    ) -> tuple[np.ndarray, float]:
        """Targets that bring sites where they should be, by damped least squares (Wampler 1986, equation 12).

        Args:
            aims: by site.
            start: shape (nu,), where to begin.
            rest: shape (nu,), a posture to stay near where the aims leave room; ``start`` when None.
            free: numbers of the actuators that may move; all when None.
            steps: iterations.
            rest_weight: metres of error that one radian from the posture counts for.

        Returns:
            The targets, shape (nu,), and the largest distance of a site from its point, m.
        """
        model, targets = self.model, np.array(start, float)
        rest = targets.copy() if rest is None else rest
        free = np.arange(model.nu) if free is None else free
        place, turn = np.zeros((3, model.nv)), np.zeros((3, model.nv))
        worst = np.inf
        for step in range(steps + 1):
            self.put(targets)
            rows, errors, worst = [], [], 0.0
            for name, aim in aims.items():
                site = model.site(name).id
                mujoco.mj_jacSite(model, self.data, place, turn, site)
                error = aim.point - self.data.site_xpos[site]
                worst = max(worst, float(np.linalg.norm(error)))
                rows.append(place @ self.spread)
                errors.append(error)
                axes = self.data.site_xmat[site].reshape(3, 3)
                for want, have in ((aim.normal, axes[:, 2]), (aim.up, axes[:, 1])):
                    if want is not None:
                        rows.append(aim.turn_weight * (turn @ self.spread))
                        errors.append(aim.turn_weight * _rotation(have, want))
            if step == steps:
                break
            rows.append(rest_weight * np.eye(model.nu))
            errors.append(rest_weight * (rest - targets))
            jacobian, error = np.vstack(rows)[:, free], np.concatenate(errors)
            # Error that is cut keeps the linear step honest when the goal is far.
            error = np.clip(error, -0.05, 0.05)
            targets[free] += self._step(jacobian, error, targets[free], free)
        return targets, worst

    def _step(self, jacobian: np.ndarray, error: np.ndarray, now: np.ndarray, free: np.ndarray) -> np.ndarray:
        """A damped step within the ranges: what would leave its range stays, and the rest is solved again without it."""
        open_ = np.ones(len(free), bool)
        move = np.zeros(len(free))
        for _ in range(3):
            part = jacobian[:, open_]
            move[:] = 0.0
            move[open_] = np.linalg.solve(part.T @ part + 1e-5 * np.eye(part.shape[1]), part.T @ error)
            move *= min(1.0, 0.4 / max(np.abs(move).max(initial=0.0), 1e-9))
            leaving = open_ & ((now + move < self.low[free]) | (now + move > self.high[free]))
            stuck = leaving & ((now <= self.low[free] + 1e-9) | (now >= self.high[free] - 1e-9))
            if not stuck.any() or stuck.sum() == open_.sum():
                break
            open_ &= ~stuck
        return np.clip(now + move, self.low[free], self.high[free]) - now


def path(start: np.ndarray, end: np.ndarray, seconds: float) -> Iterator[np.ndarray]:
    """Targets from one to the other at the control rate with the least jerk (Flash and Hogan 1985, equation 2)."""
    steps = max(1, round(seconds / CONTROL_S))
    for step in range(1, steps + 1):
        share = step / steps
        yield start + (end - start) * (10 * share**3 - 15 * share**4 + 6 * share**5)


def hold(targets: np.ndarray, seconds: float) -> Iterator[np.ndarray]:
    """The same targets for a while."""
    for _ in range(round(seconds / CONTROL_S)):
        yield targets


def _spread(model: mujoco.MjModel) -> np.ndarray:
    spread = np.zeros((model.nv, model.nu))
    for actuator in range(model.nu):
        target = model.actuator_trnid[actuator, 0]
        kind = int(model.actuator_trntype[actuator])
        if kind == int(mujoco.mjtTrn.mjTRN_JOINT):
            spread[model.jnt_dofadr[target], actuator] = 1.0
        elif kind == int(mujoco.mjtTrn.mjTRN_TENDON):
            first, count = model.tendon_adr[target], model.tendon_num[target]
            joints, shares = model.wrap_objid[first : first + count], model.wrap_prm[first : first + count]
            soft = shares / np.maximum(model.jnt_stiffness.reshape(model.njnt, -1)[joints, 0], 1e-9)
            spread[model.jnt_dofadr[joints], actuator] = soft / (shares @ soft)
    return spread


def _rotation(have: np.ndarray, want: np.ndarray) -> np.ndarray:
    """The turn, an axis times an angle, that brings one unit vector onto another."""
    axis = np.cross(have, want)
    sine, cosine = np.linalg.norm(axis), float(have @ want)
    if sine < 1e-9:
        return np.zeros(3) if cosine > 0 else np.pi * np.roll(have, 1)
    return axis / sine * np.arctan2(sine, cosine)
