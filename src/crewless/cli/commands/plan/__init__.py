"""Plan a factory from a goal: a checked blueprint with pictures, a schedule, a simulated run."""

GROUP = "planning and fleet"
