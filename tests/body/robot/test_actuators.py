"""Drives against cases computed by hand, and against MuJoCo's own motor."""

import math

import mujoco
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from crewless.body.robot.actuators.drive import Drive, PowerStage
from crewless.body.robot.actuators.heat import Heat
from crewless.body.robot.actuators.motor import Motor, similar
from crewless.body.robot.actuators.motor_table import motor, motors
from crewless.body.robot.actuators.sensors import Sensor, SensorReader, encoder, speed_from
from crewless.body.robot.actuators.transmission import Gear, Tendon
from crewless.body.robot.winding import Windings
from crewless.core.errors import BadInput

EASY = {
    "name": "easy",
    "torque_constant_nm_a": 0.05,
    "resistance_ohm": 2.0,
    "inductance_h": 1e-3,
    "rotor_inertia_kg_m2": 1e-6,
    "no_load_current_a": 0.1,
    "no_load_speed_rad_s": 400.0,
    "max_speed_rad_s": 1000.0,
    "winding_housing_k_w": 5.0,
    "housing_ambient_k_w": 10.0,
    "winding_time_s": 10.0,
    "motor_time_s": 200.0,
    "max_winding_c": 125.0,
    "mass_kg": 0.1,
    "diameter_m": 0.03,
}


@pytest.fixture
def easy():
    return Motor(**EASY)


def drive_of(motor, *, limit=3.0, volts=24.0, ratio=20.0, tendon=None, ambient=25.0):
    return Drive(
        name="joint",
        motor=motor,
        gear=Gear(ratio=ratio),
        stage=PowerStage(bus_v=volts, current_limit_a=limit, modulation=1.0),
        ambient_c=ambient,
        tendon=tendon,
    )


def test_a_motors_numbers_by_hand(easy):
    assert easy.motor_constant == pytest.approx(0.05 / math.sqrt(2))
    assert easy.friction_nm_s == pytest.approx(0.05 * 0.1 / 400)  # 12.5e-6
    assert (easy.winding_capacity_j_k, easy.housing_capacity_j_k) == (2.0, 20.0)
    assert easy.resistance_at(125.0) == pytest.approx(2.78)
    assert easy.stall_torque_nm(24.0) == pytest.approx(0.6)
    assert easy.stall_torque_nm(24.0, 125.0) == pytest.approx(1.2 / 2.78)
    assert easy.no_load_speed(24.0) == pytest.approx(24.0 / (0.05 + 12.5e-6 * 2.0 / 0.05))  # 475.2
    # 100 K over 15 K/W is 6.67 W; in 2.78 ohm that is 1.549 A.
    assert easy.continuous_current_a(25.0) == pytest.approx(1.5486, rel=1e-4)


def test_a_catalogue_motor_gives_what_its_sheet_says():
    # maxon 305194 at 24 V: stall torque 7.83 mN m, no-load speed 27,200 rpm, continuous 0.312 A at speed (less its friction).
    ec13 = motor("ec13-24")
    assert ec13.stall_torque_nm(24.0) == pytest.approx(7.83e-3, rel=0.01)
    assert ec13.no_load_speed(24.0) == pytest.approx(27200 * math.tau / 60, rel=0.01)
    assert ec13.continuous_current_a(25.0) == pytest.approx(0.312, rel=0.05)
    # Faulhaber 3564 K 024 B: stall torque 371 mN m and no-load speed 11,300 rpm at 24 V.
    round35 = motor("round35-24")
    assert round35.no_load_speed(24.0) == pytest.approx(11300 * math.tau / 60, rel=0.01)
    # maxon 651616 at 48 V: stall torque 1,260 mN m.
    assert motor("flat45-48").stall_torque_nm(48.0) == pytest.approx(1.26, rel=0.01)


def test_every_row_of_the_table_says_where_it_is_from():
    assert len(motors()) >= 10
    assert all(one.source for one in motors().values())


def test_similarity_by_hand(easy):
    twice = similar(easy, name="twice", scale=2.0, turns=0.5)
    assert twice.torque_constant_nm_a == pytest.approx(0.05 * 0.5 * 4)
    assert twice.resistance_ohm == pytest.approx(2.0 * 0.25 / 2)
    assert twice.motor_constant == pytest.approx(easy.motor_constant * 2**2.5)
    assert twice.mass_kg == pytest.approx(0.8)
    assert twice.rotor_inertia_kg_m2 == pytest.approx(32e-6)
    assert twice.winding_capacity_j_k == pytest.approx(8 * easy.winding_capacity_j_k)
    assert twice.friction_nm_s == pytest.approx(16 * easy.friction_nm_s)
    with pytest.raises(BadInput, match=r"scale 0\.5 to 2"):
        similar(easy, name="x", scale=3.0, turns=1.0)


def test_the_heat_of_a_constant_current_is_the_differential_equations(easy):
    heat = Heat.of(easy, ambient_c=20.0)
    times = np.array([0.0, 1.0, 10.0, 60.0, 600.0])

    def slope(_, c):
        watts = 1.4**2 * easy.resistance_at(c[0])
        flow = (c[0] - c[1]) / 5.0
        return [(watts - flow) / 2.0, (flow - (c[1] - 20.0) / 10.0) / 20.0]

    solved = solve_ivp(slope, (0, 600), [20.0, 20.0], t_eval=times, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(heat.after(1.4, times), solved.y.T, rtol=1e-6)


def test_the_continuous_current_just_reaches_the_limit_and_a_stronger_one_takes_a_time(easy):
    heat = Heat.of(easy, ambient_c=25.0)
    current = heat.continuous_current_a()
    assert heat.after(current, np.array([1e5]))[0, 0] == pytest.approx(125.0)
    assert heat.seconds_to_limit(current) == math.inf
    seconds = heat.seconds_to_limit(3.0)
    assert heat.after(3.0, np.array([seconds]))[0, 0] == pytest.approx(125.0)
    # Without any loss 18 W and rising would take under 2 x 100 / 18 = 11.1 s; the housing takes some of it.
    assert 8.0 < seconds < 25.0
    assert Heat.of(easy, ambient_c=25.0, cooling=2.0).continuous_current_a() == pytest.approx(current * math.sqrt(1.5))


def test_gears_and_tendons_by_hand():
    gear = Gear(ratio=200)
    assert (gear.stages, gear.efficiency) == (3, pytest.approx(0.9**3))
    assert Gear(ratio=217).stages == 4
    tendon = Tendon(
        spool_radius_m=5e-3, joint_radius_m=10e-3, wrap_rad=math.pi / 2, friction=0.1, length_m=0.4, diameter_m=1e-3
    )
    assert tendon.ratio == 2.0
    assert tendon.efficiency == pytest.approx(0.854636)  # exp(-0.1 pi / 2)
    assert tendon.force_n(1.0) == 100.0
    assert tendon.max_force_n == pytest.approx(392.7, rel=1e-4)
    # 40e9 x 7.854e-7 / 0.4 = 78540 N/m, times (0.01)^2.
    assert tendon.stiffness_nm_rad == pytest.approx(7.854, rel=1e-4)


def test_a_drive_by_hand(easy):
    drive = drive_of(easy)
    assert drive.efficiency == pytest.approx(0.81)
    assert drive.torque_per_amp == pytest.approx(0.81)
    assert drive.peak_torque_nm == pytest.approx(2.43)  # 3 A
    assert drive.reflected_inertia_kg_m2 == pytest.approx(4e-4)
    assert drive.damping_nm_s == pytest.approx(0.81 * 400 * 12.5e-6)
    assert drive.no_load_speed_rad_s == pytest.approx(475.25 / 20, rel=1e-4)
    # 1.62 N m want 2 A, which take 4 V of the 24.
    assert drive.speed_at(1.62) == pytest.approx(20.0 / (0.0505 * 20), rel=1e-4)
    assert drive.speed_at(2.5) == 0.0
    # Standing: 2 A in 2 ohm, and the stage's own 0.15 W.
    assert drive.power_w(1.62, 0.0) == pytest.approx(8.15)
    limits = drive.bandwidth_hz(6e-4, 0.1)
    assert limits["current"] == pytest.approx(2.0 / 1e-3 / math.tau)
    assert limits["speed"] == pytest.approx(drive.no_load_speed_rad_s / (math.tau * 0.1))
    assert limits["torque"] == pytest.approx(math.sqrt(2.43 / (1e-3 * 0.1)) / math.tau)


def stalled(drive, seconds, *, two_nodes):
    """Held fast, full command. Returns times, torques (N m) and winding temperatures (C), at 18 Hz."""
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.option.timestep = 1 / 504
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.gravity = [0, 0, 0]
    link = spec.worldbody.add_body()
    link.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.1, 0.1, 0.1], mass=1.0)
    link.add_joint(name="joint", type=mujoco.mjtJoint.mjJNT_HINGE, armature=1e6)
    drive.add(
        spec,
        target="joint",
        transmission=mujoco.mjtTrn.mjTRN_JOINT,
        low=-9.0,
        high=9.0,
        load_kg_m2=drive.reflected_inertia_kg_m2,
    )
    model = spec.compile()
    data = mujoco.MjData(model)
    assert model.na == drive.winding_in_model
    data.ctrl[0] = 9.0
    windings = Windings([drive])
    rows = []
    for _ in range(round(seconds * 18)):
        mujoco.mj_step(model, data, 28)
        if two_nodes:
            windings.step(data.actuator_force, 28 / 504, data.act)
        celsius = windings.celsius[0] if two_nodes else drive.ambient_c + data.act[0]
        rows.append((data.time, data.actuator_force[0], celsius))
    return np.array(rows).T


def test_mujocos_stall_torque_falls_as_the_winding_heats(easy):
    # No current limit: the voltage holds, and torque = N e Kt V / R(T) at every moment.
    drive = drive_of(easy, limit=100.0)
    times, torque, celsius = stalled(drive, 20.0, two_nodes=False)
    # 20 x 0.81 x 0.05 x 24 V; the torque is that of the temperature one physics step before.
    np.testing.assert_allclose(torque, [19.44 / easy.resistance_at(c) for c in celsius], rtol=0.002)
    assert torque[-1] < 0.6 * torque[0]

    # Its one node: C1 dT/dt = V^2 / R(T) - T / (R1 + R2).
    def slope(_, c):
        return [(24.0**2 / easy.resistance_at(c[0]) - (c[0] - 25.0) / 15.0) / 2.0]

    solved = solve_ivp(slope, (0, 20.0), [25.0], t_eval=times, rtol=1e-8)
    np.testing.assert_allclose(celsius - 25.0, solved.y[0] - 25.0, rtol=0.01)


@pytest.mark.parametrize(("name", "amps"), [("easy", 2.0), ("ec13-24", 0.4), ("ec13-24", 0.6), ("flat85-48", 30.0)])
def test_mujoco_with_the_second_node_heats_as_reckoned(easy, name, amps):
    one = easy if name == "easy" else motor(name)
    drive = drive_of(one, limit=amps)
    # In 8 s the winding of ec13 at 0.6 A is not yet so hot that the voltage would limit it.
    times, torque, celsius = stalled(drive, 8.0 if amps == 0.6 else 60.0, two_nodes=True)
    np.testing.assert_allclose(torque, drive.torque_per_amp * amps, rtol=1e-6)
    reckoned = drive.heat.after(amps, times)[:, 0]
    np.testing.assert_allclose(celsius[18:] - 25.0, reckoned[18:] - 25.0, rtol=0.02)


def test_a_winding_too_hot_for_the_bus_heats_as_reckoned():
    one = motor("ec13-24")
    amps = 0.95 * 24.0 / one.resistance_at(25.0)
    drive = drive_of(one, limit=amps)
    times, torque, celsius = stalled(drive, 10.0, two_nodes=True)
    assert torque[-1] < 0.9 * torque[0]
    reckoned = drive.held(amps * drive.torque_per_amp, times)[:, 0]
    # The simulation's current follows the winding one step of 1/18 s behind.
    np.testing.assert_allclose(celsius[18:] - 25.0, reckoned[18:] - 25.0, rtol=0.03)
    assert drive.heat.after(amps, times)[-1, 0] > 1.2 * reckoned[-1]


def test_one_node_alone_errs_hot(easy):
    drive = drive_of(easy, limit=10.0)
    _, _, alone = stalled(drive, 10.0, two_nodes=False)
    _, _, both = stalled(drive, 10.0, two_nodes=True)
    assert (alone >= both).all()
    assert alone[-1] > both[-1] + 20.0


def test_mujocos_own_heat_does_not_know_the_current_limit(easy):
    """Why Windings takes the torque that was given. When this fails, MuJoCo has mended it."""
    drive = drive_of(easy, limit=0.61 * 12.0)
    _, torque, celsius = stalled(drive, 1.0, two_nodes=False)
    assert torque[0] == pytest.approx(drive.torque_per_amp * 7.32)
    # One second of 12 A, and not 7.32 A, in 2 ohm on 2 J/K (less as it warms up).
    assert celsius[-1] - 25.0 > 1.5 * 7.32**2 * 2.0 / 2.0


def test_windings_of_many_worlds_are_those_of_each(easy):
    drives = [drive_of(easy), drive_of(motor("ec13-24"))]
    torque = np.array([[0.1, 0.02], [0.3, 0.0], [0.8, 0.1]])
    many, alone = Windings(drives, (3,)), [Windings(drives) for _ in range(3)]
    for _ in range(5):
        many.step(torque, 1 / 18)
        for windings, row in zip(alone, torque, strict=True):
            windings.step(row, 1 / 18)
    np.testing.assert_array_equal(many.celsius, [windings.celsius for windings in alone])
    assert (many.winding_k[2] > many.winding_k[0]).all()
    many.winding_k[1, 0] = 101.0
    assert many.overheated.tolist() == [[False, False], [True, False], [False, False]]
    many.reset()
    assert (many.celsius == 25.0).all()


def test_a_sensor_is_late_coarse_and_noisy_and_the_same_again():
    exact = SensorReader(Sensor(step=0.5, noise=0.0, delay_s=2e-3), period_s=1e-3)
    assert [exact.read(np.array([v]))[0] for v in (0.2, 1.3, 2.4, 3.6)] == [0.0, 0.0, 0.0, 1.5]
    noisy = Sensor(step=0.0, noise=0.1, delay_s=0.0)
    first = SensorReader(noisy, period_s=1e-3, seed=3).read(np.zeros(20000))
    assert first.std() == pytest.approx(0.1, rel=0.03)
    np.testing.assert_array_equal(first, SensorReader(noisy, period_s=1e-3, seed=3).read(np.zeros(20000)))
    assert encoder(12).step == pytest.approx(math.tau / 4096)
    assert encoder(12, ratio=100.0).step == pytest.approx(math.tau / 409600)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Motor(**{**EASY, "mass_kg": -0.1}), "mass_kg is -0.1"),
        (lambda: Motor(**{**EASY, "resistance_ohm": math.nan}), "resistance_ohm is nan"),
        (lambda: Motor(**EASY).continuous_current_a(130.0), "125 C only"),
        (lambda: Gear(ratio=2000), "ratio 2000 (try: 3 to 1300)"),
        (lambda: Gear(ratio=10, kind="worm"), "gear 'worm'"),
        (lambda: PowerStage(bus_v=400.0, current_limit_a=1.0), "60 V"),
        (lambda: PowerStage(bus_v=24.0, current_limit_a=0.0), "current limit of 0 A"),
        (
            lambda: Tendon(spool_radius_m=0.0, joint_radius_m=1.0, wrap_rad=0, friction=0, length_m=1),
            "spool_radius_m is 0",
        ),
        (lambda: Sensor(step=-1.0, noise=0.0, delay_s=0.0), "step of -1"),
        (lambda: motor("ec99"), "no motor 'ec99' (try: ec13-12"),
    ],
)
def test_what_cannot_be_built_is_named(make, words):
    with pytest.raises(BadInput) as caught:
        make()
    assert words in str(caught.value)


def test_what_a_joint_can_hold_for_ever_is_the_least_of_heat_stage_and_hot_winding(easy):
    # Heat: 100 K over 15 K/W in 2.78 ohm, 1.549 A. The hot winding: volts / 2.78. The stage: its limit.
    assert drive_of(easy).continuous_current_a == pytest.approx(1.5486, rel=1e-4)
    assert drive_of(easy, limit=1.2).continuous_current_a == pytest.approx(1.2)
    assert drive_of(easy, volts=2.78).continuous_current_a == pytest.approx(1.0)  # cold it would be 2.78 / 2.0
    assert drive_of(easy, volts=2.78).peak_current_a == pytest.approx(2.78 / easy.resistance_at(25.0))


def test_a_gear_s_play_is_as_much_smaller_at_the_joint_as_the_tendon_reduces(easy):
    cable = Tendon(spool_radius_m=0.005, joint_radius_m=0.02, wrap_rad=0.0, friction=0.1, length_m=0.2)
    bare, pulled = drive_of(easy), drive_of(easy, tendon=cable)
    assert cable.ratio == pytest.approx(4.0)
    assert bare.backlash_rad == bare.gear.backlash_rad > 0
    assert pulled.backlash_rad == pytest.approx(bare.gear.backlash_rad / 4.0)


def test_a_speed_from_an_angle_is_noisier_and_half_a_window_older():
    angle = Sensor(step=2e-4, noise=1e-4, delay_s=1e-3)
    speed = speed_from(angle, window_s=10e-3)
    assert (speed.step, speed.delay_s) == (pytest.approx(0.02), pytest.approx(6e-3))
    assert speed.noise == pytest.approx(math.sqrt(2) * 0.01)
