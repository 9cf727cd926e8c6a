"""A design live in the browser: sliders move the joints, the motors show their windings' heat. viser serves it on this machine."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import asyncio
import contextlib
import io
import time
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.design import Design
from crewless.body.robot.hand import CONTROL_SUBSTEPS, hand_scene
from crewless.body.robot.humanoid import humanoid
from crewless.body.robot.limits import drives_of
from crewless.body.robot.winding import Windings
from crewless.core.errors import BadInput
from crewless.core.services import SERVICES

_SPHERE, _CAPSULE, _CYLINDER, _BOX = (
    int(getattr(mujoco.mjtGeom, f"mjGEOM_{name}")) for name in ("SPHERE", "CAPSULE", "CYLINDER", "BOX")
)
_SCALE = np.array([[64, 115, 217], [76, 170, 168], [240, 190, 60], [214, 64, 60]])
"""Cold to the winding's limit, by thirds."""


def heat_colour(share: np.ndarray) -> np.ndarray:
    """Colours for shares of the way from the ambient to the limit. Shape (..., 3), uint8; beyond the limit as at it."""
    at = 3.0 * np.clip(np.asarray(share, dtype=float), 0.0, 1.0)
    low = np.minimum(at.astype(int), 2)
    part = (at - low)[..., None]
    return ((1.0 - part) * _SCALE[low] + part * _SCALE[low + 1]).astype(np.uint8)


class Viewer:
    """The page and the simulation behind it.

    Args:
        design: checked.
        port: on this machine only; 0 takes a free one.

    Raises BadInput: the port is taken.
    """

    def __init__(self, design: Design, *, port: int) -> None:
        import socket

        import viser

        # The pelvis is held: sliders are to move joints, and nobody keeps the balance here.
        held = replace(design, body=replace(design.body, base="fixed")) if design.body else design
        spec = hand_scene(held) if held.body is None else humanoid(held)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.windings = Windings(drives_of(design))
        mujoco.mj_forward(self.model, self.data)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise BadInput(f"port {port}: {error.strerror}", alternatives=["--port 8081"]) from error
            port = probe.getsockname()[1]
        # It has a banner of its own to say where it is.
        with contextlib.redirect_stdout(io.StringIO()):
            self.server = viser.ViserServer(host="127.0.0.1", port=port, verbose=False)
        self.port = port
        self._bodies: dict[int, Any] = {}
        self._motors: dict[int, Any] = {}
        self.sliders: dict[str, Any] = {}
        self._draw(design)
        self._panel(design)

    def _draw(self, design: Design) -> None:
        scene, model = self.server.scene, self.model
        scene.set_up_direction("+z")
        scene.add_grid("/floor", width=2.0 if design.body is None else 6.0, height=2.0 if design.body is None else 6.0)
        numbers = {model.actuator(number).name: number for number in range(model.nu)}
        for body in range(1, model.nbody):
            self._bodies[body] = scene.add_frame(f"/robot/{body}", show_axes=False)
        for geom in range(model.ngeom):
            body = int(model.geom_bodyid[geom])
            if body == 0 or int(model.geom_type[geom]) not in (_SPHERE, _CAPSULE, _CYLINDER, _BOX):
                continue
            mesh = _mesh(int(model.geom_type[geom]), model.geom_size[geom])
            name = model.geom(geom).name
            rgba = model.geom_rgba[geom]
            handle = scene.add_mesh_simple(
                f"/robot/{body}/{geom}",
                vertices=mesh[0],
                faces=mesh[1],
                color=(255 * rgba[:3]).astype(np.uint8),
                opacity=float(rgba[3]) if rgba[3] < 1.0 else None,
                wxyz=tuple(model.geom_quat[geom]),
                position=tuple(model.geom_pos[geom]),
            )
            if "motor:" in name:
                self._motors[numbers[name.replace("motor:", "", 1)]] = handle
        self._pose()
        focus, away = (
            ((0.0, -0.05, 0.2), (0.35, 0.2, 0.3)) if design.body is None else ((0.0, 0.0, 1.0), (1.7, 0.8, 0.35))
        )

        @self.server.on_client_connect
        def _(client: Any) -> None:
            client.camera.position = tuple(np.add(focus, away))
            client.camera.look_at = focus

    def _panel(self, design: Design) -> None:
        gui, model = self.server.gui, self.model
        gui.add_markdown(f"### {design.name}\nSimulated; no hardware. Blue motors are cold, red ones at their limit.")
        self._hottest = gui.add_markdown("")
        self.pace = gui.add_slider("heat runs faster by", min=1, max=60, step=1, initial_value=1)
        gui.add_button("joints to zero").on_click(lambda _: self._zero())
        folders: dict[str, Any] = {}
        for number in range(model.nu):
            name = model.actuator(number).name
            place = _folder(name)
            if place not in folders:
                folders[place] = gui.add_folder(place, expand_by_default=len(folders) < 2)
            low, high = (float(value) for value in model.actuator_ctrlrange[number])
            with folders[place]:
                self.sliders[name] = gui.add_slider(
                    name.removeprefix(f"{place} ").replace("_", " "), min=low, max=high, step=0.01, initial_value=0.0
                )

    def _zero(self) -> None:
        for slider in self.sliders.values():
            slider.value = 0.0

    def step(self) -> None:
        """One control period of simulated time (of heat more, when it runs faster), and what it looks like after it."""
        for number in range(self.model.nu):
            self.data.ctrl[number] = self.sliders[self.model.actuator(number).name].value
        period_s = CONTROL_SUBSTEPS * self.model.opt.timestep
        mujoco.mj_step(self.model, self.data, CONTROL_SUBSTEPS)
        # Heat runs ahead of the motion, which would be too fast to see.
        for _ in range(int(self.pace.value)):
            self.windings.step(self.data.actuator_force, period_s, self.data.act)
        self._pose()

    def _pose(self) -> None:
        with self.server.atomic():
            for body, frame in self._bodies.items():
                frame.position = tuple(self.data.xpos[body])
                frame.wxyz = tuple(self.data.xquat[body])
            share = self.windings.winding_k / (self.windings.limit_c - self.windings.ambient_c)
            for number, handle in self._motors.items():
                colour = tuple(int(value) for value in heat_colour(share[number]))
                if tuple(handle.color) != colour:
                    handle.color = colour
        if hasattr(self, "_hottest"):
            hottest = int(np.argmax(share))
            name, celsius = self.model.actuator(hottest).name.replace("_", " "), self.windings.celsius[hottest]
            self._hottest.content = f"hottest: **{name}**, {celsius:.0f} of {self.windings.limit_c[hottest]:.0f} °C"

    def close(self) -> None:
        """Stop serving."""
        # viser leaves its event loop open, with tasks that still wait in it.
        loop = getattr(getattr(self.server, "_websock_server", None), "_background_event_loop", None)
        with contextlib.redirect_stdout(io.StringIO()):
            self.server.stop()
            until_s = time.monotonic() + 5.0
            while loop is not None and loop.is_running() and time.monotonic() < until_s:
                time.sleep(0.01)
        if loop is None or loop.is_running() or loop.is_closed():
            return
        waiting = asyncio.all_tasks(loop)
        for task in waiting:
            task.cancel()
        if waiting:
            loop.run_until_complete(asyncio.wait(waiting))
        loop.close()


def view(design: Design, *, port: int, seconds: float | None = None) -> None:
    """Serve until Ctrl-C, or for ``seconds``. Raises BadInput: the port is taken."""
    viewer = Viewer(design, port=port)
    print(f"http://127.0.0.1:{viewer.port}   (Ctrl-C ends it)", flush=True)
    period_s = SERVICES["control"].period_s
    started = due = time.monotonic()
    try:
        while seconds is None or time.monotonic() - started < seconds:
            viewer.step()
            due = max(due + period_s, time.monotonic() - period_s)
            time.sleep(max(0.0, due - time.monotonic()))
    except KeyboardInterrupt:
        pass
    finally:
        viewer.close()


def _folder(name: str) -> str:
    """Where an actuator's slider goes."""
    side = next((side for side in ("right", "left") if name.startswith(f"{side}_")), "")
    bare = name.removeprefix(f"{side}_")
    if bare.split("_")[0] in ("hip", "knee", "ankle"):
        return f"{side} leg"
    if bare.split("_")[0] in ("shoulder", "elbow"):
        return f"{side} arm"
    return f"{side} hand".strip() if bare.split("_")[0] not in ("waist", "neck") else "trunk"


def _mesh(kind: int, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (n, 3) and triangles (m, 3) of a geom about its own centre."""
    if kind == _BOX:
        corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float) * size
        faces = [
            [0, 1, 3],
            [0, 3, 2],
            [4, 6, 7],
            [4, 7, 5],
            [0, 4, 5],
            [0, 5, 1],
            [2, 3, 7],
            [2, 7, 6],
            [0, 2, 6],
            [0, 6, 4],
        ]
        faces += [[1, 5, 7], [1, 7, 3]]
        # One corner for each side, so that edges stay sharp.
        triangles = np.array(faces)
        return corners[triangles.reshape(-1)], np.arange(triangles.size).reshape(-1, 3)
    half = 0.0 if kind == _SPHERE else float(size[1])
    radius = float(size[0])
    if kind == _CYLINDER:
        profile = [(0.0, -half), (radius, -half), (radius, -half), (radius, half), (radius, half), (0.0, half)]
    else:
        angles = np.linspace(-np.pi / 2, np.pi / 2, 13)
        profile = [(radius * np.cos(a), radius * np.sin(a) + (half if a > 0 else -half)) for a in angles]
        profile.insert(7, (radius, half))
    around = np.linspace(0.0, 2.0 * np.pi, 20, endpoint=False)
    rings = np.array([[[r * np.cos(a), r * np.sin(a), z] for a in around] for r, z in profile])
    count, n = len(profile), len(around)
    faces = []
    for ring in range(count - 1):
        for k in range(n):
            a, b = ring * n + k, ring * n + (k + 1) % n
            faces += [[a, b, b + n], [a, b + n, a + n]]
    return rings.reshape(-1, 3), np.array(faces)
