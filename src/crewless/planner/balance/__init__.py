"""Simple assembly line balancing, type 1 (SALBP-1): the fewest stations for a given cycle time."""

from crewless.planner.balance.salbp import balance, greedy, lower_bound, topological

__all__ = ["balance", "greedy", "lower_bound", "topological"]
