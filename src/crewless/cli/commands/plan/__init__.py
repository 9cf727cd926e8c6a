"""From a goal to a running factory: a checked blueprint, pictures, a schedule, a simulated shift."""

GROUP = "planning and fleet"
