"""Catalogues: parts, processes, skills, a robot and a building, read from data files and checked for what refers to nothing."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput
from crewless.planner.blueprint.balance import topological
from crewless.planner.blueprint.model import Building, Goal, Part, Process, RobotKind, Skill, parse
from crewless.planner.blueprint.strict_yaml import read_yaml

SHIPPED = ("humanoid", "solar", "site")


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What is known about making things."""

    parts: dict[str, Part]
    processes: dict[str, Process]
    """By the part that they make."""
    skills: dict[str, Skill]
    robot: RobotKind
    building: Building
    order: tuple[str, ...]
    """Made parts, from raw to finished."""


def load_catalogue(goal: Goal) -> Catalogue:
    """Every catalogue of the goal, merged. Raises BadInput: a cycle, an unknown part, a skill that nobody has."""
    raw: dict[str, Any] = {"parts": [], "processes": [], "skills": []}
    for name in goal.catalogues:
        path = Path(name)
        if name in SHIPPED:
            content = resources.files("crewless.planner.blueprint").joinpath(f"data/{name}.yaml").read_text()
        elif path.is_file():
            content = path.read_text()
        else:
            raise BadInput(f"there is no catalogue {name!r}", alternatives=[*SHIPPED, "the path of a YAML file"])
        for key, value in read_yaml(content, name).items():
            if key in ("parts", "processes", "skills"):
                if not isinstance(value, list):
                    raise BadInput(f"{name}: {key}: {str(value)[:60]!r} is not a list", alternatives=[f"{key}: [...]"])
                raw[key] += value
            else:
                raw[key] = value
    for key in ("robot", "building"):
        if key not in raw:
            raise BadInput(f"no catalogue defines the {key}", alternatives=["site"])
    parts = _named(parse(tuple[Part, ...], raw["parts"], "parts"), "name", "part")
    skills = _named(parse(tuple[Skill, ...], raw["skills"], "skills"), "name", "skill")
    processes = _named(parse(tuple[Process, ...], raw["processes"], "processes"), "makes", "process for")
    robot = parse(RobotKind, raw["robot"], "robot")
    building = parse(Building, raw["building"], "building")
    for process in processes.values():
        for part in (process.makes, *process.consumes):
            if part not in parts:
                raise BadInput(f"process {process.name!r}: unknown part {part!r}", alternatives=sorted(parts))
        if not process.tasks:
            raise BadInput(
                f"process {process.name!r} has no tasks", alternatives=["tasks: [{name, time_s, skill}, ...]"]
            )
        _named(process.tasks, "name", f"task of {process.name!r}:")
        topological({task.name: task.after for task in process.tasks}, f"process {process.name!r}")
        for task in process.tasks:
            _has_skill(task.skill, f"task {task.name!r} of {process.name!r}", skills, robot)
    for skill in building.skills:
        _has_skill(skill, "the construction", skills, robot)
    order = topological(
        {m: [c for c in p.consumes if c in processes] for m, p in processes.items()}, "the bill of materials"
    )
    for part in (*goal.products, *goal.stock):
        if part not in parts:
            raise BadInput(f"goal: unknown product {part!r}", alternatives=sorted(processes))
    for part in goal.products:
        if part not in processes:
            raise BadInput(f"goal: no process makes {part!r}, it is only bought", alternatives=sorted(processes))
    _fit_cards(goal, processes, skills)
    return Catalogue(
        parts=parts, processes=processes, skills=skills, robot=robot, building=building, order=tuple(order)
    )


def _fit_cards(goal: Goal, processes: dict[str, Process], skills: dict[str, Skill]) -> None:
    """Raises BadInput: a card of a skill or task that is not there, or two for the same."""
    tasks = {f"{p.name}.{task.name}": task for p in processes.values() for task in p.tasks}
    seen: set[tuple[str, str]] = set()
    for card in goal.skill_cards:
        if card.skill not in skills:
            raise BadInput(f"a skill card for the unknown skill {card.skill!r}", alternatives=sorted(skills))
        needing = sorted(name for name, task in tasks.items() if task.skill == card.skill)
        for name in card.tasks or ("",):
            if name and name not in needing:
                raise BadInput(f"the skill card of {card.skill!r} names the task {name!r}", alternatives=needing)
            if (card.skill, name) in seen:
                raise BadInput(f"two skill cards of {card.skill!r} apply to {name or 'the skill as a whole'}")
            seen.add((card.skill, name))


def _has_skill(name: str, who: str, skills: dict[str, Skill], robot: RobotKind) -> None:
    if name not in skills or not {robot.name, "machine"} & set(skills[name].kinds):
        able = sorted(s.name for s in skills.values() if {robot.name, "machine"} & set(s.kinds))
        raise BadInput(f"{who} needs the skill {name!r}, which no robot or machine has", alternatives=able)


def _named(items: tuple[Any, ...], key: str, what: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        name = getattr(item, key)
        if name in found:
            raise BadInput(f"{what} {name!r} is defined twice")
        found[name] = item
    return found
