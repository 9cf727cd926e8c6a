"""Which robot's battery lasts for which work, and who is charged for it.

Work says which share of a full battery it needs, what is kept in reserve included
(:attr:`crewless.fleet.control.operations.Operation.charge_needed`); 0: that is not known, and any robot that is not low takes it.
"""

from collections.abc import Iterable

from crewless.fleet.control.robots import Robot

MARGIN = 1.0
"""Percent: what a robot is charged beyond the need, because it draws some before it is sent."""


def covers(robot: Robot, need: float) -> bool:
    """Whether its charge lasts for work that needs so many percent, or is all that it can get: more than a full battery is not
    waited for."""
    return robot.charge >= min(need, robot.full - MARGIN)


def left_charger(robot: Robot) -> None:
    """A charge has ended. One that brought nothing and did not reach what was wanted shows how much the robot can get."""
    gained = robot.charge - robot.charge_before
    robot.full = robot.charge if gained < MARGIN and robot.charge < robot.charge_until else 100.0
    robot.charged_for = ""


def on_its_way(robots: Iterable[Robot], name: str, since_s: float) -> bool:
    """Whether a robot that can still do so is being charged for this work, and was sent after ``since_s``."""
    return any(
        each.charged_for == name and each.promised == "charge" and each.online and not each.faults and each.asked_s >= since_s
        for each in robots
    )  # fmt: skip
