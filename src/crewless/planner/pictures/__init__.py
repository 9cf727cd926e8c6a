"""Pictures of a blueprint: floor plan, construction, material flow, and a page that holds them all."""

from crewless.planner.pictures.page import write_pictures
from crewless.planner.pictures.svg import draw_construction, draw_flow, draw_plan

__all__ = ["draw_construction", "draw_flow", "draw_plan", "write_pictures"]
