"""Simulated robots by the million: how many machines and hours a target needs."""

GROUP = "robots"
