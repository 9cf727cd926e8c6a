"""The goal file: what is wanted, and within which limits."""

from crewless.planner.goal.file import HOW_TO_WRITE, load_goal, make_goal, with_cards

__all__ = ["HOW_TO_WRITE", "load_goal", "make_goal", "with_cards"]
