"""Take a small solar panel from a rack by its frame, carry it, and lay it onto the rails of a mount, with the humanoid's right arm.

The panel is a framed module of about ten watts: glass of 3.2 mm (the usual thickness in modules' data sheets), backsheet and
cells in a frame of aluminium profile, open at the back. It lies on the two rails of a rack. The hand goes in between them, palm up,
four fingers under the panel and the thumb over its frame, as one holds a tray. The mount's rails slope towards the robot; at
their lower ends are stops. Legs and left arm are left out and the pelvis is bolted down, as for carrying; the hand is whole,
and everything touches.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.design import BodyDesign, Design
from crewless.body.robot.humanoid import humanoid
from crewless.body.robot.robot_body import RobotBody
from crewless.body.robot.winding import Windings
from crewless.tasks.manipulation.arm import JOINTS, Arm, Pose, pose_of
from crewless.tasks.manipulation.carry import drives_of
from crewless.tasks.manipulation.control import Aim, Kinematics
from crewless.tasks.manipulation.stage import ManipulationTask, Script, ahead, touching

DEPTH_M, WIDTH_M, THICK_M = 0.25, 0.35, 0.017
"""Size of the panel: away from the robot, across, and its frame's height. A common size of ten-watt modules; an assumption."""
MASS_KG = 1.2
"""An assumption, reckoned from its parts: glass 0.32 x 0.22 m x 3.2 mm x 2500 kg/m3 = 0.56, film and backsheet 0.09, junction box
with a metre of cable 0.20, frame 1.2 m of profile of 0.29 kg/m (15 x 17 mm, wall 1.9 mm, aluminium) = 0.35."""
LOAD_LIMIT_N = 2400.0 * DEPTH_M * WIDTH_M
"""The panel counts as damaged when at any physics step all that touches it presses harder than this, normal forces together:
the static load of 2400 Pa on its area that a module of IEC 61215-2 (test MQT 16) must bear, 210 N. A fall of a centimetre onto
the rails is more than that."""
NEAR_M = 0.010
NEAR_RAD = np.radians(3.0)
"""From its place on the mount, middle and turn."""
STILL_M = 0.001
"""Less than this in a second is at rest."""
AWAY_M = 0.010
"""From any part of the robot to the panel, at least."""
_READY = dict(zip(JOINTS, (0.0, 0.0, 0.0, 0.5, 0.15, 0.0, -1.9, 1.4, 0.0, 0.2), strict=True))
"""The arm as a case begins: elbow bent, palm up, rad."""
_BAR_M, _LAMINATE_M, _RAIL_M, _GAP_M = 0.015, 0.005, 0.03, 0.26
"""The frame's breadth; glass, cells and backsheet; a rail's thickness; between the middles of two rails."""
_METAL = {"friction": [0.5, 0.005, 0.0001], "condim": 4, "solref": [0.005, 1.0]}
"""Anodised aluminium on aluminium: friction (an assumption), and contacts as hard as the time step allows, so that a blow is
felt as one."""
_THUMB = tuple(f"right_thumb_{joint}" for joint in ("opposition", "abduction", "spread", "base", "tip"))
_FINGERS = ("index", "middle", "ring", "little")
_IN_HAND = Pose(place=np.array([0.0, 0.070, 0.0095]), turn=np.eye(3))
"""The lower near edge of the panel in the palm's frame when it lies on the pads before the knuckles: y is along the fingers."""
_CLEAR_M, _DROP_M = 0.12, 0.014
"""The fingers are out from under the panel when the hand is drawn back so far; so far it goes down before."""


class PanelPlaceTask(ManipulationTask):
    """A panel lies in a rack; it must lie on the mount's rails within 10 mm and 3 degrees, at rest, alone, and whole.

    Slots, in m, rad and kg: where the middle of the rails' upper sides is, about the vertical through the pelvis, ``rack_azimuth``,
    ``rack_radius``, ``rack_height``, and ``rack_yaw``, how they are turned beyond the azimuth; the same of ``mount``, and
    ``mount_tilt``, its slope towards the robot; how the panel lies askew in the rack, ``askew_x``, ``askew_y``, ``askew_yaw``;
    its ``mass``.
    """

    name = "panel_place"
    max_steps = 420
    draw_every = 2
    """One picture for each control period: what a policy can use."""
    _heaviest_n, _hottest, _where_hottest = 0.0, 0.0, ""

    def spec(self) -> "mujoco.MjSpec":
        """The humanoid, pelvis bolted down, before a rack with a panel and a mount; each case moves them."""
        spec = humanoid(Design(body=BodyDesign(base="fixed")))
        for name in ("left_upper_arm", "right_thigh", "left_thigh"):
            spec.delete(spec.body(name))
        _add_rails(spec, "rack", [0.55, 0.45, 0.35, 1.0], stops=False)
        _add_rails(spec, "mount", [0.70, 0.72, 0.75, 1.0], stops=True)
        _add_panel(spec)
        return spec

    def windings(self) -> Windings:
        """The windings of the drives that the model still has."""
        assert self.model is not None
        return Windings(drives_of(self.model))

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """The rack to the right, the mount in front, 40 to 77 degrees further left; a mount that slopes by up to 20 degrees."""
        found = {"mass": rng.uniform(0.92, 1.08) * MASS_KG}
        for name, low, high in (("rack", -1.1, -0.85), ("mount", -0.15, 0.25)):
            found |= {
                f"{name}_azimuth": rng.uniform(low, high), f"{name}_radius": rng.uniform(0.70, 0.77),
                f"{name}_height": rng.uniform(0.95, 1.10), f"{name}_yaw": rng.uniform(-0.10, 0.20),
            }  # fmt: skip
        askew = {"askew_x": rng.uniform(-0.008, 0.008), "askew_y": rng.uniform(-0.008, 0.008)}
        return found | askew | {"askew_yaw": rng.uniform(-0.05, 0.05), "mount_tilt": rng.uniform(0.0, 0.35)}

    def lay(self, model: mujoco.MjModel, data: mujoco.MjData, given: Mapping[str, float]) -> None:
        """Rack and mount where they are, the panel in the rack, the arm ready, the eyes on the panel."""
        panel = model.body("panel").id
        scale = given["mass"] / model.body_mass[panel]
        model.body_mass[panel] *= scale
        model.body_inertia[panel] *= scale
        mujoco.mj_setConst(model, data)
        for name in ("rack", "mount"):
            rails, number = rails_at(given, name), model.body(name).mocapid[0]
            data.mocap_pos[number] = rails.place
            mujoco.mju_mat2Quat(data.mocap_quat[number], rails.turn.flatten())
        turn = _about_z(given["askew_yaw"])
        askew = Pose(place=np.array([given["askew_x"], given["askew_y"], THICK_M / 2]), turn=turn)
        put_panel(model, data, rails_at(given, "rack") @ askew)
        for name, angle in {**_READY, "neck_yaw": -0.8, "neck_pitch": 0.2}.items():
            data.qpos[model.joint(name).qposadr[0]] = data.ctrl[model.actuator(name).id] = angle

    def begin(self, body: RobotBody) -> None:
        """Look at the load on the panel at every physics step and at the windings at every frame period."""
        self._heaviest_n, self._hottest, self._where_hottest = 0.0, 0.0, ""
        windings = body.windings
        assert windings is not None
        load = body.model.sensor("panel_load").adr[0]

        def feel(model: mujoco.MjModel, data: mujoco.MjData) -> None:
            self._heaviest_n = max(self._heaviest_n, float(data.sensordata[load]))

        def watch(model: mujoco.MjModel, data: mujoco.MjData) -> None:
            # The share of what each winding may warm up by: 1 is the limit.
            shares = windings.winding_k / (windings.limit_c - windings.ambient_c)
            if shares.max() > self._hottest:
                self._hottest = float(shares.max())
                self._where_hottest = model.actuator(int(shares.argmax())).name

        body.watch, body.watch_steps = watch, feel

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """Reach under the panel, raise the hand to it, close, lift, swing over, lower, open while the hand goes down, draw it
        back."""
        arm, data = Arm(body), body.data
        opened, closed = grips(arm.kinematics, data)
        panel = pose_of(data, "panel")
        under = panel @ _PALM_UNDER
        below = under.moved([0.0, 0.0, -0.010])
        before = below.moved([0.0, -_CLEAR_M, 0.0])
        ready = arm.prefer(before)
        ready[arm.fingers] = opened[arm.fingers]
        yield from arm.take_posture(ready, 2.0)
        yield from arm.hold(0.3)
        yield from arm.follow(lambda share: before.toward(below, share), 1.5)
        yield from arm.hold(0.3)
        yield from arm.follow(lambda share: below.toward(under, share), 0.5)
        yield from arm.follow(lambda _: under, 0.8, grip=closed, yielding=True)
        yield from arm.hold(0.3, yielding=True)

        goal = goal_of(given)
        held, above = pose_of(data, "panel"), goal.moved([0.0, 0.0, _CLEAR_M])
        lifted = held.lifted(_CLEAR_M)
        yield from _carry(arm, data, lambda share: held.toward(lifted, share), 1.5)
        # So that there is room to draw the hand back when the panel lies.
        arm.prefer((goal @ _PALM_UNDER).moved([0.0, -_CLEAR_M, -_DROP_M]))
        yield from _carry(arm, data, lambda share: lifted.around(above, share), 4.0)
        yield from _carry(arm, data, lambda _: above, 0.8)
        near = goal.moved([0.0, 0.0, 0.008])
        yield from _carry(arm, data, lambda share: above.toward(near, share), 1.8)
        yield from _carry(arm, data, lambda _: near, 0.5)
        down = goal.moved([0.0, 0.0, -0.002])
        yield from _carry(arm, data, lambda share: near.toward(down, share), 0.8, yielding=True)

        palm = pose_of(data, "right_palm")
        lower = palm.moved([0.0, 0.0, -_DROP_M])
        yield from arm.follow(lambda share: palm.toward(lower, share), 0.8, grip=opened, yielding=True)
        back = lower.moved([0.0, -_CLEAR_M, 0.0])
        yield from arm.follow(lambda share: lower.toward(back, share), 1.5)
        away = arm.targets.copy()
        away[arm.free] = [arm.targets[arm.free[0]], *list(_READY.values())[1:]]
        yield from arm.take_posture(away, 1.5)
        yield from arm.hold(0.3)

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """Where the panel is against its place on the mount, now and a second later; what touches it; the worst load and heat
        so far."""
        goal, model = goal_of(given), body.model
        both = (body.data, ahead(body, 1.0))
        off = [goal.inverse() @ pose_of(data, "panel") for data in both]
        moved_m = float(np.linalg.norm(off[1].place - off[0].place))
        on_both_rails = all(
            touching(model, data, "panel") == {"mount"}
            and {"mount_right_rail", "mount_left_rail"} <= _felt(model, data)
            for data in both
        )
        near = all(np.linalg.norm(one.place) < NEAR_M and one.angle < NEAR_RAD for one in off)
        away_m = min(_distance_m(model, data) for data in both)
        whole, cool = self._heaviest_n <= LOAD_LIMIT_N, self._hottest <= 1.0
        return {
            "right": bool(near and on_both_rails and moved_m < STILL_M and away_m > AWAY_M and whole and cool),
            "harm": not (whole and cool),
            "off_m": off[0].place,
            "off_deg": float(np.degrees(off[0].angle)),
            "moves_in_1_s_m": moved_m,
            "touched_by": sorted(touching(model, body.data, "panel")),
            "robot_away_m": away_m,
            "heaviest_load_n": self._heaviest_n,
            "hottest_share_of_limit": self._hottest,
            "hottest": self._where_hottest,
        }


_PALM_UNDER = (
    Pose(
        place=np.array([-DEPTH_M / 2, 0.0, -THICK_M / 2]),
        turn=np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    )
    @ _IN_HAND.inverse()
)
"""The palm in the panel's frame: fingers along its x, thumb to its right."""


def rails_at(given: Mapping[str, float], name: str) -> Pose:
    """The middle of the upper sides of the rails of ``rack`` or ``mount``; x away from the robot and up the slope, z off the
    rails."""
    azimuth, radius = given[f"{name}_azimuth"], given[f"{name}_radius"]
    tilt = given.get(f"{name}_tilt", 0.0)
    slope = np.array([[np.cos(tilt), 0, -np.sin(tilt)], [0, 1, 0], [np.sin(tilt), 0, np.cos(tilt)]])
    place = np.array([radius * np.cos(azimuth), radius * np.sin(azimuth), given[f"{name}_height"]])
    return Pose(place=place, turn=_about_z(azimuth + given[f"{name}_yaw"]) @ slope)


def goal_of(given: Mapping[str, float]) -> Pose:
    """Where the panel should be: in the middle of the mount's rails, 5 mm above their stops."""
    return rails_at(given, "mount").moved([0.0, 0.0, THICK_M / 2])


def put_panel(model: mujoco.MjModel, data: mujoco.MjData, where: Pose) -> None:
    """Lay the panel somewhere: for whoever lays out a case."""
    first = model.joint("panel").qposadr[0]
    data.qpos[first : first + 3] = where.place
    mujoco.mju_mat2Quat(data.qpos[first + 3 : first + 7], where.turn.flatten())


def grips(kinematics: Kinematics, data: mujoco.MjData) -> tuple[np.ndarray, np.ndarray]:
    """The hand open, thumb high over the frame, and closed on it. Each of shape (nu,).

    Closed, the thumb's pad would be 8 mm inside the glass and the fingertips about as deep in the backsheet: the loops turn
    that into force.
    """
    model, rest = kinematics.model, data.ctrl.copy()
    rest[kinematics.index(_THUMB)] = (1.6, 0.1, -0.35, 0.4, 0.7)
    kinematics.put(rest)
    palm, found = pose_of(kinematics.data, "right_palm"), []
    for height, base, curl in ((0.062, -0.05, 0.0), (_IN_HAND.place[2] + THICK_M - 0.008, 0.25, 0.15)):
        aim = Aim(point=palm.place + palm.turn @ [0.008, 0.095, height], normal=-palm.turn[:, 2], turn_weight=0.004)
        targets, _ = kinematics.solve(
            {"right_thumb_tip": aim}, rest, free=kinematics.index(_THUMB), steps=80, rest_weight=1e-5
        )
        for finger in _FINGERS:
            targets[model.actuator(f"right_{finger}_base").id] = base
            targets[model.actuator(f"right_{finger}_curl").id] = curl
        found.append(targets)
    return found[0], found[1]


def _carry(
    arm: Arm, data: mujoco.MjData, panel: Callable[[float], Pose], seconds: float, *, yielding: bool = False
) -> Iterator[np.ndarray]:
    """Bring the panel along a path: the palm goes where it has to, however the panel lies in the hand by now."""

    def palm(share: float) -> Pose:
        return panel(share) @ (pose_of(data, "panel").inverse() @ pose_of(data, "right_palm"))

    yield from arm.follow(palm, seconds, yielding=yielding)


def _felt(model: mujoco.MjModel, data: mujoco.MjData) -> set[str]:
    """Names of the geoms that touch the panel."""
    panel, found = model.body("panel").id, set()
    for contact in data.contact:
        bodies = [int(model.geom_bodyid[geom]) for geom in contact.geom]
        if panel in bodies:
            found.add(model.geom(int(contact.geom[1 - bodies.index(panel)])).name)
    return found


def _distance_m(model: mujoco.MjModel, data: mujoco.MjData, far_m: float = 0.1) -> float:
    """From the panel to the nearest part of the robot that can touch it, at most ``far_m``."""
    panel, robot = model.body("panel").id, model.body("waist").id
    solid = [
        geom
        for geom in range(model.ngeom)
        if model.geom_contype[geom] and model.body_rootid[model.geom_bodyid[geom]] == model.body_rootid[robot]
    ]
    parts = [geom for geom in range(model.ngeom) if model.geom_bodyid[geom] == panel]
    return min(mujoco.mj_geomDistance(model, data, one, other, far_m, None) for one in solid for other in parts)


def _about_z(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])


def _add_rails(spec: "mujoco.MjSpec", name: str, colour: list[float], *, stops: bool) -> None:
    """Two rails on a post; with stops, at their near ends. The frame is that of :func:`rails_at`."""
    box, half, y = mujoco.mjtGeom.mjGEOM_BOX, _RAIL_M / 2, _GAP_M / 2
    looks: dict[str, Any] = {"rgba": colour, **_METAL}
    body = spec.worldbody.add_body(name=name, mocap=True)
    for side, across in (("right", -y), ("left", y)):
        body.add_geom(name=f"{name}_{side}_rail", type=box, size=[0.13, half, half], pos=[0, across, -half], **looks)
        if stops:
            # The side towards the panel is 5 mm below its near edge.
            near = -DEPTH_M / 2 - 0.005 - 0.003
            body.add_geom(
                name=f"{name}_{side}_stop", type=box, size=[0.003, half, 0.006], pos=[near, across, 0.006], **looks
            )
    body.add_geom(name=f"{name}_beam", type=box, size=[half, y + half, half], pos=[0.10, 0, -3 * half], **looks)
    post = mujoco.mjtGeom.mjGEOM_CYLINDER
    body.add_geom(name=f"{name}_post", type=post, size=[0.02, 0.46, 0], pos=[0.10, 0, -0.5], **looks)


def _add_panel(spec: "mujoco.MjSpec") -> None:
    """Four bars and the laminate, which lies in their upper edge; x away from the robot, z off its face. All of it feels its
    load."""
    box, half, bar = mujoco.mjtGeom.mjGEOM_BOX, THICK_M / 2, _BAR_M / 2
    x, y = DEPTH_M / 2, WIDTH_M / 2
    body = spec.worldbody.add_body(name="panel")
    body.add_freejoint(name="panel")
    body.add_geom(
        name="laminate", type=box, size=[x - _BAR_M, y - _BAR_M, _LAMINATE_M / 2], pos=[0, 0, half - 0.0005 - _LAMINATE_M / 2],
        mass=MASS_KG - 0.35, rgba=[0.08, 0.12, 0.35, 1], **_METAL,
    )  # fmt: skip
    bars = {
        "near": ([bar, y, half], [bar - x, 0, 0]), "far": ([bar, y, half], [x - bar, 0, 0]),
        "right": ([x - _BAR_M, bar, half], [0, bar - y, 0]), "left": ([x - _BAR_M, bar, half], [0, y - bar, 0]),
    }  # fmt: skip
    around = 4 * (x - _BAR_M + y)
    for name, (size, place) in bars.items():
        mass = 0.35 * 2 * max(size[:2]) / around
        body.add_geom(
            name=f"frame_{name}", type=box, size=size, pos=place, mass=mass, rgba=[0.8, 0.82, 0.85, 1], **_METAL
        )
    body.add_site(name="panel", type=box, size=[x + 0.02, y + 0.02, half + 0.02], rgba=[0, 0, 0, 0], group=5)
    spec.add_sensor(
        name="panel_load", type=mujoco.mjtSensor.mjSENS_TOUCH, objtype=mujoco.mjtObj.mjOBJ_SITE, objname="panel"
    )
