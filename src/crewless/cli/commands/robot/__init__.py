"""A hand and a humanoid from motors, gears and heat: design one, look at it live."""

GROUP = "robots"
