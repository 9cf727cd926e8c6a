"""Keep-away between two robots: one keeps its palm from the other's fingertip. A PettingZoo ParallelEnv, for self-play.

Two hands on gantries share the air over a table. The keeper is the faster one, the chaser has the longer finger. Both are
driven at the control rate by the speed of their gantry; hands, fingers and gantries are simulated and can bump.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from typing import Any, ClassVar

import mujoco
import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

from crewless.body.robot.hand import CONTROL_SUBSTEPS
from crewless.core.errors import BadInput
from crewless.core.services import SERVICES
from crewless.tasks.manipulation.control import CONTROL_S
from crewless.tasks.manipulation.gantry import table_scene

KEEPER, CHASER = "keeper", "chaser"
SPEED_M_S = {KEEPER: 0.7, CHASER: 0.3}
CAUGHT_M = 0.06
"""A fingertip so near to the palm has it."""
_BOX_M = np.array([[-0.28, -0.28, -0.1], [0.28, 0.28, 0.25]])
"""Where a gantry may be, its own coordinates. Shape (2, 3)."""
_OTHER = {KEEPER: CHASER, CHASER: KEEPER}


class KeepAwayEnv(ParallelEnv[str, np.ndarray, np.ndarray]):
    """The keeper must not be caught for ten simulated seconds.

    Observation, shape (10,): own mark and the other's (m, in the world: the keeper's palm, the chaser's fingertip), the
    other's speed (m/s), the share of time left. Action, shape (3,), -1 to 1: speed along x, y, z of the world. Reward: the
    keeper gets 1 spread over the time, and loses 1 when it is caught; the chaser the opposite.

    Args:
        seconds: how long a game is.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "keep_away_v0", "render_modes": []}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, seconds: float = 10.0) -> None:
        if not 0.5 <= seconds <= 600:
            raise BadInput(f"a game of {seconds:g} s", alternatives=["0.5 to 600"])
        self.render_mode = None
        self.possible_agents = [KEEPER, CHASER]
        self.agents: list[str] = []
        self._steps = round(seconds * (SERVICES["control"].rate_hz or 18))
        spec = table_scene(prefix="keeper_")
        table_scene(prefix="chaser_", spec=spec, yaw=np.pi)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self._gantry = {
            agent: np.array([self.model.actuator(f"{agent}_gantry_{axis}").id for axis in "xyz"])
            for agent in self.possible_agents
        }
        self._sign = {KEEPER: np.array([1.0, 1.0, 1.0]), CHASER: np.array([-1.0, -1.0, 1.0])}
        self._mark = {KEEPER: self.model.site("keeper_palm").id, CHASER: self.model.site("chaser_index_tip").id}
        self._pose = self._fists()
        self._rng = np.random.default_rng()
        self._step = 0
        self._before = {agent: np.zeros(3) for agent in self.possible_agents}

    def observation_space(self, agent: str) -> spaces.Box:
        """Unbounded numbers of shape (10,)."""
        return self._spaces[0]

    def action_space(self, agent: str) -> spaces.Box:
        """-1 to 1, shape (3,)."""
        return self._spaces[1]

    _spaces = (spaces.Box(-np.inf, np.inf, (10,), np.float32), spaces.Box(-1.0, 1.0, (3,), np.float32))

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
        """The keeper somewhere on its side, the chaser on the other."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self.agents, self._step = list(self.possible_agents), 0
        mujoco.mj_resetData(self.model, self.data)
        self.data.ctrl[:] = self._pose
        for agent in self.agents:
            # A gantry's own y leads away from its elbow: negative is its own side.
            place = [self._rng.uniform(-0.2, 0.2), self._rng.uniform(-0.28, -0.2), self._rng.uniform(0.0, 0.2)]
            self.data.ctrl[self._gantry[agent]] = place
        for number in range(self.model.nu):
            if self.model.actuator_trntype[number] == int(mujoco.mjtTrn.mjTRN_JOINT):
                joint = self.model.actuator_trnid[number, 0]
                self.data.qpos[self.model.jnt_qposadr[joint]] = self.data.ctrl[number]
        mujoco.mj_forward(self.model, self.data)
        self._before = {agent: self._at(agent) for agent in self.agents}
        return self._observe(), {agent: {} for agent in self.agents}

    def step(
        self, actions: dict[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """One control period. Raises BadInput for an action of another shape."""
        for agent in self.agents:
            speed = np.asarray(actions[agent], float)
            if speed.shape != (3,) or not np.isfinite(speed).all():
                raise BadInput(f"{agent}'s action {speed}", alternatives=["three numbers from -1 to 1"])
            speed = speed / max(1.0, float(np.linalg.norm(speed))) * SPEED_M_S[agent] * self._sign[agent]
            gantry = self._gantry[agent]
            self.data.ctrl[gantry] = np.clip(self.data.ctrl[gantry] + speed * CONTROL_S, *_BOX_M)
        self._before = {agent: self._at(agent) for agent in self.agents}
        mujoco.mj_step(self.model, self.data, CONTROL_SUBSTEPS)
        self._step += 1
        caught, over = self.distance_m() < CAUGHT_M, self._step >= self._steps
        gain = 1.0 / self._steps - float(caught)
        agents, seen = self.agents, self._observe()
        if caught or over:
            self.agents = []
        return (
            seen,
            {agent: gain if agent == KEEPER else -gain for agent in agents},
            dict.fromkeys(agents, caught),
            dict.fromkeys(agents, over and not caught),
            {agent: {"distance_m": self.distance_m()} for agent in agents},
        )

    def distance_m(self) -> float:
        """From the chaser's fingertip to the keeper's palm."""
        return float(np.linalg.norm(self._at(KEEPER) - self._at(CHASER)))

    def _at(self, agent: str) -> np.ndarray:
        return self.data.site_xpos[self._mark[agent]].copy()

    def _observe(self) -> dict[str, np.ndarray]:
        left = np.array([1.0 - self._step / self._steps])
        return {
            agent: np.concatenate(
                [self._at(agent), self._at(other), (self._at(other) - self._before[other]) / CONTROL_S, left]
            ).astype(np.float32)
            for agent, other in _OTHER.items()
            if agent in self.agents
        }

    def _fists(self) -> np.ndarray:
        """The keeper's hand closed; the chaser's too, but for the index finger."""
        targets = np.zeros(self.model.nu)
        for agent in self.possible_agents:
            for finger in ("index", "middle", "ring", "little"):
                if (agent, finger) != (CHASER, "index"):
                    targets[self.model.actuator(f"{agent}_{finger}_base").id] = 1.2
                    targets[self.model.actuator(f"{agent}_{finger}_curl").id] = 1.8
        return targets


def chase(observation: np.ndarray) -> np.ndarray:
    """A chaser that flies to where the keeper will be in 0.2 s. Shape (3,)."""
    own, other, speed = observation[:3], observation[3:6], observation[6:9]
    way = other + 0.2 * speed - own
    return (way / max(float(np.linalg.norm(way)), 1e-6)).astype(np.float32)


def flee(observation: np.ndarray, *, turn_s: float = 0.4, horizon_s: float = 1.4) -> np.ndarray:
    """The keeper's oracle: of many ways with one turn in them, the one on which a chaser stays farthest. Shape (3,).

    It predicts both as points, the keeper in the box that its palm can reach; the chaser flies straight at it at full speed.
    """
    own, other = observation[:3].astype(float), observation[3:6].astype(float)
    low, high = _REACH_M
    dt = 0.1
    count = len(_DIRECTIONS)
    first, second = np.repeat(_DIRECTIONS, count, axis=0), np.tile(_DIRECTIONS, (count, 1))
    keeper, chaser = np.repeat(own[None], count**2, 0), np.repeat(other[None], count**2, 0)
    nearest = np.full(count**2, np.inf)
    for step in range(round(horizon_s / dt)):
        way = first if step * dt < turn_s else second
        keeper = np.clip(keeper + SPEED_M_S[KEEPER] * dt * way, low, high)
        gap = keeper - chaser
        distance = np.sqrt((gap * gap).sum(axis=1))
        chaser = chaser + gap * np.minimum(1.0, SPEED_M_S[CHASER] * dt / np.maximum(distance, 1e-6))[:, None]
        gap = keeper - chaser
        nearest = np.minimum(nearest, np.sqrt((gap * gap).sum(axis=1)))
    # Where several are as safe, the one that ends far from the chaser and in the open.
    ended = np.linalg.norm(keeper - chaser, axis=1) - 0.3 * np.linalg.norm(keeper - (low + high) / 2, axis=1)
    return first[int(np.argmax(nearest + 0.2 * ended))].astype(np.float32)


def _sphere(count: int) -> np.ndarray:
    """Directions spread evenly (a Fibonacci lattice), and standing still. Shape (count + 1, 3)."""
    number = np.arange(count) + 0.5
    z, turn = 1 - 2 * number / count, np.pi * (1 + 5**0.5) * number
    flat = np.sqrt(1 - z**2)
    return np.vstack([np.zeros(3), np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)])


_DIRECTIONS = _sphere(40)
_REACH_M = np.array([[-0.26, -0.27, 0.21], [0.26, 0.21, 0.49]])
"""Where the keeper's palm can be, about."""
