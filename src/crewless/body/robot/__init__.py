"""A body of motors and cameras, simulated by MuJoCo. No hardware is used anywhere in this package."""

import os

# MuJoCo chooses how to draw when it is imported; EGL needs no display. Whoever has set it keeps their choice.
os.environ.setdefault("MUJOCO_GL", "egl")
# Mesa's software renderer draws in threads of its own, one a core, which wait behind others on a busy machine whatever the thread
# that asked for the picture is allowed (core/realtime.go_first). Without them it draws where it was called, as fast on two cores.
os.environ.setdefault("LP_NUM_THREADS", "0")
