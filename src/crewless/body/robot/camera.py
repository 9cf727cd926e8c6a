"""A camera of a MuJoCo model, drawn without a display (EGL).

Mesa's software renderer draws 640 x 480 in about 8 ms of one core without shadows and with one sample a pixel; shadows
cost ten times as much.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import mujoco
import numpy as np

from crewless.core.errors import BadInput, BodyFailure

_COSTLY = ("mjRND_SHADOW", "mjRND_REFLECTION", "mjRND_HAZE")


class Camera:
    """Takes pictures of a simulation.

    Args:
        model: compiled.
        name: one of the model's cameras.
        height: pixels.
        width: pixels.

    Raises:
        BadInput: the model has no such camera, or the size is not positive.
        BodyFailure: this machine cannot draw.
    """

    def __init__(self, model: mujoco.MjModel, *, name: str, height: int, width: int) -> None:
        known = [model.camera(number).name for number in range(model.ncam)]
        if name not in known:
            raise BadInput(f"the model has no camera {name!r}", alternatives=known or ["add one to the model"])
        if height < 1 or width < 1:
            raise BadInput(f"a picture of {width} x {height} pixels")
        model.vis.global_.offwidth = max(model.vis.global_.offwidth, width)
        model.vis.global_.offheight = max(model.vis.global_.offheight, height)
        model.vis.quality.offsamples = 0
        self._name = name
        self._rgb = np.empty((height, width, 3), np.uint8)
        self._bgrx = np.zeros((height, width, 4), np.uint8)
        self._renderer: mujoco.Renderer | None = None
        try:
            self._renderer = mujoco.Renderer(model, height, width)
        except Exception as error:  # EGL's failures have no class in common
            raise BodyFailure(
                f"the camera {name!r} cannot be opened: {error}",
                alternatives=["MUJOCO_GL=egl or osmesa, set before mujoco is imported the first time"],
            ) from error
        for flag in _COSTLY:
            self._renderer.scene.flags[getattr(mujoco.mjtRndFlag, flag)] = 0

    def take(self, data: mujoco.MjData) -> np.ndarray:
        """What the camera sees now: shape (height, width, 4), uint8, BGRX; the next call writes over it.

        Raises BodyFailure when it has stopped.
        """
        if self._renderer is None:
            raise BodyFailure(f"the camera {self._name!r} has stopped")
        try:
            self._renderer.update_scene(data, self._name)
            self._renderer.render(out=self._rgb)
        except Exception as error:  # as above
            raise BodyFailure(f"the camera {self._name!r} has stopped: {error}") from error
        self._bgrx[:, :, 2::-1] = self._rgb
        return self._bgrx

    def close(self) -> None:
        """Give the drawing context back. Safe to call twice."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
