"""Pictures of a blueprint: floor plan, construction, material flow and a page that holds them all; and of a schedule."""

from crewless.planner.blueprint.pictures.gantt import draw_schedule, write_schedule_pictures
from crewless.planner.blueprint.pictures.growth import draw_growth
from crewless.planner.blueprint.pictures.overview import add_schedule, write_pictures
from crewless.planner.blueprint.pictures.svg import draw_construction, draw_flow, draw_plan

__all__ = [
    "add_schedule",
    "draw_construction",
    "draw_flow",
    "draw_growth",
    "draw_plan",
    "draw_schedule",
    "write_pictures",
    "write_schedule_pictures",
]
