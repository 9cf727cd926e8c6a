"""The self-expanding site, year by year."""

from crewless.planner.expand.next_goal import goal_text, next_goal
from crewless.planner.expand.site import ExpandConfig, Month, expand

__all__ = ["ExpandConfig", "Month", "expand", "goal_text", "next_goal"]
