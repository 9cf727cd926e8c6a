"""From a goal to a checked blueprint and a schedule."""
