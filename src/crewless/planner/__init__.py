"""From a goal to a blueprint, a schedule, and a dispatched fleet."""
