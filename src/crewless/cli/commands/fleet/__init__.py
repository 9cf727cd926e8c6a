"""Dispatch a plan to robots over VDA 5050: simulated ones, or whatever robots are there."""

GROUP = "planning and fleet"
