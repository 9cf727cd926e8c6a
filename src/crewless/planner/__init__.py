"""From a goal to a checked blueprint, a schedule and a running factory."""
