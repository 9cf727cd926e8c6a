"""From a goal to a running factory: a checked blueprint, pictures, a schedule, a simulated run."""

GROUP = "planning and fleet"
