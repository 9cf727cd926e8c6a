"""Simulated robots by the million: what a target costs in machines and hours."""

GROUP = "robots"
