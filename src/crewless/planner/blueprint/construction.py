"""In which order the site is built with the robots at hand: a serial list schedule with crews as the resource."""

import heapq

from crewless.planner.blueprint.catalogue import Catalogue
from crewless.planner.blueprint.model import BuildStep, Flow, Goal, Line


def plan_construction(
    goal: Goal, catalogue: Catalogue, made: tuple[Flow, ...], lines: tuple[Line, ...]
) -> tuple[BuildStep, ...]:
    """Foundation, installation, commissioning of every line; lines whose product others use come first.

    Robots at hand form crews; a line's next step waits for its step before and for a free crew.
    """
    building = catalogue.building
    crew = min(building.crew, goal.robots_at_hand)
    free = [(0.0, number) for number in range(goal.robots_at_hand // crew)]
    measured = {card.skill: card.tries for card in goal.skill_cards if not card.tasks}
    tries = [measured.get(s, 1 / catalogue.skills[s].success) for s in building.skills]
    process = {p.name: p for p in catalogue.processes.values()}
    rank = {part: number for number, part in enumerate(catalogue.order)}
    area = sum(process[line.process].station_area_m2 * len(line.stations) for line in lines)
    steps: list[BuildStep] = []
    ready = dict.fromkeys((line.name for line in lines), 0.0)
    before: dict[str, tuple[str, ...]] = dict.fromkeys(ready, ())
    for number, phase in enumerate(("foundation", "install", "commission")):
        for line in sorted(lines, key=lambda one: rank[process[one.process].makes]):
            own = process[line.process].station_area_m2 * len(line.stations)
            skill = building.skills[min(number, len(building.skills) - 1)]
            work = {
                "foundation": building.foundation_h_per_m2 * goal.area_m2 * own / area,
                "install": building.install_h_per_station * len(line.stations),
                "commission": building.commission_h_per_line,
            }[phase] * tries[min(number, len(tries) - 1)]
            at, who = heapq.heappop(free)
            start = max(at, ready[line.name])
            end = start + work / crew
            heapq.heappush(free, (end, who))
            name = f"{phase} {line.name}"
            steps.append(
                BuildStep(
                    name=name, line=line.name, after=before[line.name], skill=skill, work_h=work, robots=crew,
                    start_h=start, end_h=end,
                )
            )  # fmt: skip
            ready[line.name], before[line.name] = end, (name,)
    return tuple(steps)
