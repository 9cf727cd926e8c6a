"""Dispatch a plan to robots over VDA 5050: simulated robots, or real ones on an MQTT broker."""

GROUP = "planning and fleet"
