"""Motion of many robots that drive forward, turn on the spot or wait: PIBT with commitments.

Priority inheritance with backtracking (Okumura, Machida, Defago, Tamura 2022, "Priority inheritance with backtracking for
iterative multi-agent path finding", algorithm 1) plans one cell ahead and knows no headings. A robot that must first
turn arrives late, so a plan is kept until it has been carried out: the robot is *committed* to its next cell, which is
reserved, and everybody else plans around that (the idea of causal PIBT; Okumura, Tamura, Defago 2021, "Time-independent
planning for multiple moving agents"). A chain of commitments ends at a reserved free cell or closes into a ring of three or
more, so it always gets on: its head turns or drives in every step.
"""

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from crewless.core.errors import BadInput
from crewless.fleet.traffic.grid import FAR, Floor

WAIT, FORWARD, TURN_RIGHT, TURN_LEFT = 0, 1, 2, 3
"""Moves, as in the League of Robot Runners."""


@dataclass(kw_only=True)
class Traffic:
    """Where every robot is and what it is committed to; changed in place by :func:`step`."""

    floor: Floor
    cell: NDArray[np.int32]
    """Shape: (robots,)."""
    heading: NDArray[np.int32]
    """Shape: (robots,)."""
    next_cell: NDArray[np.int32] = field(init=False)
    """The cell each is committed to, -1 for none. Shape: (robots,)."""
    priority: NDArray[np.float64] = field(init=False)
    blocked_steps: NDArray[np.int32] = field(init=False)
    """Steps since each last moved. Shape: (robots,)."""
    held: NDArray[np.bool_] = field(init=False)
    """Robots that stand fast, because they work, charge or are dead; nobody pushes them. Shape: (robots,)."""
    zone: NDArray[np.int32] = field(init=False)
    """The guarded zone that each cell lies in, -1 for none. Shape: (cells,)."""
    admitted: NDArray[np.bool_] = field(init=False)
    """Zones that each robot may enter; whoever stands in one may move in it and leave it. Shape: (robots, zones)."""
    seed: int = 0
    patience_steps: int = 12
    """A robot that has stood for so long gives way for a while: it wanders at random with a priority of zero, so that others
    push it aside. What breaks a livelock, in dead ends above all, where priorities alone do not help."""

    def __post_init__(self) -> None:
        cells, robots = len(self.floor.neighbour), len(self.cell)
        if robots and (self.cell.min() < 0 or self.cell.max() >= cells):
            raise BadInput(f"a robot stands outside the floor's {cells} cells")
        if len(np.unique(self.cell)) != robots:
            raise BadInput(f"{robots - len(np.unique(self.cell))} of {robots} robots share a cell with another")
        rng = np.random.default_rng(self.seed)
        self.next_cell = np.full(robots, -1, np.int32)
        self._tie = rng.permutation(robots) / max(1, robots)
        self.priority = self._tie.copy()
        self.blocked_steps = np.zeros(robots, np.int32)
        self._giving_way = np.zeros(robots, np.int32)
        self.held = np.zeros(robots, np.bool_)
        self.zone = np.full(cells, -1, np.int32)
        self.admitted = np.zeros((robots, 1), np.bool_)
        self._robot_at = np.full(cells, -1, np.int32)
        self._robot_at[self.cell] = np.arange(robots)
        self._reserved_by = np.full(cells, -1, np.int32)
        self._random = np.array([self.seed * 2 + 1], np.uint64)


def hold(traffic: Traffic, robot: int) -> None:
    """From now on the robot stands fast, and whoever was committed to follow it plans anew. Undone by ``held[robot] = False``."""
    traffic.held[robot] = True
    todo = [robot]
    while todo:
        each = todo.pop()
        if traffic.next_cell[each] >= 0:
            traffic._reserved_by[traffic.next_cell[each]] = -1
            traffic.next_cell[each] = -1
        behind = int(traffic._reserved_by[traffic.cell[each]])
        if behind >= 0:
            todo.append(behind)


def join(traffic: Traffic, cell: int, heading: int = 0) -> int:
    """Put one more robot on the floor. Returns its number. Raises BadInput when the cell is taken or promised."""
    if traffic._robot_at[cell] >= 0 or traffic._reserved_by[cell] >= 0:
        raise BadInput(f"cell {cell} is occupied, so no robot can join there")
    robot = len(traffic.cell)
    # Fractions of the golden ratio: every newcomer's tie-break differs from all before.
    tie = (robot * 0.6180339887498949) % 1.0
    for name, value in (
        ("cell", cell), ("heading", heading), ("next_cell", -1), ("priority", tie), ("blocked_steps", 0), ("_tie", tie),
        ("_giving_way", 0), ("held", False),
    ):  # fmt: skip
        old = getattr(traffic, name)
        setattr(traffic, name, np.append(old, np.array([value], old.dtype)))
    traffic.admitted = np.vstack([traffic.admitted, np.zeros((1, traffic.admitted.shape[1]), np.bool_)])
    traffic._robot_at[cell] = robot
    return robot


def guard(traffic: Traffic, zone: NDArray[np.int32]) -> None:
    """Guard zones from now on; nobody is admitted yet, and whoever was committed to enter one plans anew.

    Args:
        traffic: changed in place.
        zone: the zone of each cell, -1 for none. Shape: (cells,).
    """
    traffic.zone = np.asarray(zone, np.int32)
    traffic.admitted = np.zeros((len(traffic.cell), max(1, int(traffic.zone.max(initial=-1)) + 1)), np.bool_)
    for robot in np.flatnonzero(traffic.next_cell >= 0):
        ahead = traffic.zone[traffic.next_cell[robot]] if traffic.next_cell[robot] >= 0 else -1
        if ahead >= 0 and ahead != traffic.zone[traffic.cell[robot]]:
            held = bool(traffic.held[robot])
            hold(traffic, int(robot))
            traffic.held[robot] = held


def leave(traffic: Traffic, robot: int) -> None:
    """Take a robot off the floor. It keeps its number and stands fast where nobody sees it; its cell is free."""
    hold(traffic, robot)
    traffic._robot_at[traffic.cell[robot]] = -1


def step(traffic: Traffic, goal_row: NDArray[np.int32], distance: NDArray[np.int32]) -> NDArray[np.int8]:
    """One time step for all robots.

    Args:
        traffic: changed in place.
        goal_row: each robot's row in ``distance``, -1 for one that only makes way. Shape: (robots,).
        distance: from :func:`crewless.fleet.traffic.grid.distances`. Shape: (goals, cells).

    Returns:
        The move of each robot: WAIT, FORWARD, TURN_RIGHT or TURN_LEFT. Shape: (robots,).
    """
    order = np.argsort(-traffic.priority, kind="stable").astype(np.int32)
    return _step(
        traffic.floor.neighbour, traffic.floor.cost, distance, np.asarray(goal_row, np.int32), order, traffic.cell,
        traffic.heading, traffic.next_cell, traffic.priority, traffic._tie, traffic.blocked_steps, traffic._robot_at,
        traffic._reserved_by, traffic._random, traffic._giving_way, traffic.held, traffic.zone, traffic.admitted,
        traffic.patience_steps,
    )  # fmt: skip


@njit(cache=True)
def _draw(state):
    # xorshift64* (Vigna 2016): one word of state, the same on every machine.
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return np.float64((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True)
def _score(
    robot, neighbour, cost, distance, goal_row, cell, heading, robot_at, random, restless, zone, admitted, score
):
    """What each of the four neighbour cells is worth to a robot, the lowest first. 1e18: cannot be driven to."""
    here, row = cell[robot], goal_row[robot]
    for way in range(4):
        ahead = neighbour[here, way]
        score[way] = 1e18
        if ahead < 0 or (zone[ahead] >= 0 and zone[ahead] != zone[here] and not admitted[robot, zone[ahead]]):
            continue
        turns = (way - heading[robot]) % 4
        turns = 1 if turns == 3 else turns
        far = 0.0 if row < 0 else float(distance[row, ahead] + cost[here, way])
        # A turn costs one step. What is taken only to make way prefers a cell where nobody stands.
        score[way] = far + turns * 0.9 + (0.5 if robot_at[ahead] >= 0 else 0.0) + 0.1 * _draw(random)
        if restless[robot]:
            score[way] = _draw(random) + (1.0 if robot_at[ahead] >= 0 else 0.0)


@njit(cache=True)
def _plan(first, neighbour, cost, distance, goal_row, cell, heading, next_cell, robot_at, reserved_by, planned, random, restless, zone, admitted, stack, scores):  # fmt: skip
    """Commit a robot to a neighbour cell, and with it all those that it pushes; or none, when there is no way.

    The recursion of the paper is a stack here: numba cannot keep compiled recursive functions.
    """
    stack[0] = first
    planned[first] = True
    _score(
        first, neighbour, cost, distance, goal_row, cell, heading, robot_at, random, restless, zone, admitted, scores[0]
    )
    depth = 0
    while depth >= 0:
        robot, score = stack[depth], scores[depth]
        here, row = cell[robot], goal_row[robot]
        if next_cell[robot] >= 0:
            # Whom it pushed has no way out: take the reservation back and try the next cell.
            reserved_by[next_cell[robot]] = -1
            next_cell[robot] = -1
        pushed = False
        for _ in range(4):
            way = np.argmin(score)
            if score[way] >= 1e17:
                break
            best, score[way] = score[way], 1e18
            # Nobody pushes, so going back is not worth it: wait for a better cell instead.
            if depth == 0 and not restless[robot] and (row < 0 or distance[row, here] == 0 or best > distance[row, here] + 3.5):  # fmt: skip
                break
            ahead = neighbour[here, way]
            if reserved_by[ahead] >= 0 or (depth > 0 and ahead == cell[stack[depth - 1]]):
                continue
            other = robot_at[ahead]
            if other >= 0:
                if next_cell[other] == here:
                    continue  # a swap
                if next_cell[other] < 0 and (planned[other] or depth + 1 >= len(stack)):
                    continue  # it has decided to stay
            reserved_by[ahead] = robot
            next_cell[robot] = ahead
            if other < 0 or next_cell[other] >= 0:
                return  # free, or about to be left: the whole chain moves
            depth += 1
            stack[depth] = other
            planned[other] = True
            _score(
                other,
                neighbour,
                cost,
                distance,
                goal_row,
                cell,
                heading,
                robot_at,
                random,
                restless,
                zone,
                admitted,
                scores[depth],
            )
            pushed = True
            break
        if not pushed:
            depth -= 1


@njit(cache=True)
def _step(neighbour, cost, distance, goal_row, order, cell, heading, next_cell, priority, tie, blocked, robot_at, reserved_by, random, giving_way, held, zone, admitted, patience):  # fmt: skip
    robots = len(cell)
    planned = held.copy()
    for robot in range(robots):
        giving_way[robot] = max(0, giving_way[robot] - 1)
        # Not all at once, and not for equally long: those who back off together meet again.
        if blocked[robot] > patience and goal_row[robot] >= 0 and not held[robot] and _draw(random) < 0.1:
            giving_way[robot] = 3 + int(_draw(random) * patience)
            priority[robot] = tie[robot]
    restless = giving_way > 0
    stack = np.empty(400, np.int32)
    scores = np.empty((400, 4), np.float64)
    for robot in order:
        if next_cell[robot] < 0 and not planned[robot]:
            _plan(robot, neighbour, cost, distance, goal_row, cell, heading, next_cell, robot_at, reserved_by, planned, random, restless, zone, admitted, stack, scores)  # fmt: skip
    moves = np.zeros(robots, np.int8)
    aligned = np.zeros(robots, np.bool_)
    for robot in range(robots):
        target = next_cell[robot]
        if target < 0:
            continue
        for turned in (0, 1, 3, 2):
            if neighbour[cell[robot], (heading[robot] + turned) % 4] == target:
                aligned[robot] = turned == 0
                moves[robot] = FORWARD if turned == 0 else (TURN_LEFT if turned == 3 else TURN_RIGHT)
                break
    # Who may drive: a robot whose cell ahead is free, or is left in this very step. Each chain is followed to its head once.
    drives = np.zeros(robots, np.int8)  # 0 unknown, 1 yes, 2 no, 3 on the chain being followed
    chain = np.empty(robots, np.int32)
    for first in range(robots):
        robot, length, verdict = first, 0, 0
        while verdict == 0:
            if drives[robot] == 3:
                verdict = 1  # a ring in which everybody is aligned
            elif drives[robot] != 0:
                verdict = drives[robot]
            elif not aligned[robot]:
                drives[robot] = 2
                verdict = 2
            else:
                drives[robot] = 3
                chain[length] = robot
                length += 1
                robot = robot_at[next_cell[robot]]
                if robot < 0:
                    verdict = 1
        for index in range(length):
            drives[chain[index]] = verdict
    for robot in range(robots):
        if moves[robot] == FORWARD and drives[robot] == 1:
            robot_at[cell[robot]] = -1
    for robot in range(robots):
        blocked[robot] += 1
        if moves[robot] == FORWARD:
            if drives[robot] != 1:
                moves[robot] = WAIT
            else:
                cell[robot] = next_cell[robot]
                robot_at[cell[robot]] = robot
                reserved_by[cell[robot]] = -1
                next_cell[robot] = -1
                blocked[robot] = 0
        elif moves[robot] == TURN_RIGHT:
            heading[robot] = (heading[robot] + 1) % 4
        elif moves[robot] == TURN_LEFT:
            heading[robot] = (heading[robot] + 3) % 4
        if restless[robot] or goal_row[robot] < 0 or distance[goal_row[robot], cell[robot]] == 0:
            priority[robot] = tie[robot]
        else:
            priority[robot] += 1.0
    return moves


def reachable(distance: NDArray[np.int32], goal_row: int, cell: int) -> bool:
    """Whether there is a way from a cell to a goal."""
    return bool(distance[goal_row, cell] < FAR)
