"""Design a hand or a humanoid from motors, gears and heat limits, and view it in a browser."""

GROUP = "robots"
