"""Work for hands and arms: to reach, to hold, to turn, to carry, to plug in, to place, to keep away."""

# Before anything imports mujoco: this chooses how it draws.
import crewless.body.robot  # noqa: F401
