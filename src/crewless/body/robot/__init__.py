"""A body of motors and cameras, simulated by MuJoCo. No hardware is used anywhere in this package."""

import os

# MuJoCo chooses how to draw when it is imported; EGL needs no display. Whoever has set it keeps their choice.
os.environ.setdefault("MUJOCO_GL", "egl")
