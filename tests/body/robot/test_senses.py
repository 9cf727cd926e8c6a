import math

import mujoco
import numpy as np
import pytest

from crewless.body.robot.actuators.sensors import Sensor
from crewless.body.robot.design import Design, drive
from crewless.body.robot.hand import hand_drives, hand_scene
from crewless.body.robot.robot_body import RobotBody, RobotBodyConfig
from crewless.body.robot.senses import KINDS, Senses, drive_sensors
from crewless.body.robot.winding import Windings
from crewless.core.errors import BadInput
from crewless.core.messages import Action

DRIVES = hand_drives(Design())
CONFIG = RobotBodyConfig(width=16, height=16, draw_every=36)


@pytest.fixture(scope="module")
def scene():
    return hand_scene().compile()


def fist(model):
    return Action(verb="move", joints=tuple(0.5 * model.actuator_ctrlrange[:, 1]))


def test_a_drives_sensors_follow_from_its_encoder_gear_and_power_stage():
    one = drive(Design(encoder_bits=10), "base", name="index_base")
    made = drive_sensors(one)
    # 1,024 steps a turn of the rotor, 250 turns of the gear a turn of the spool, pulleys of 9 and 5 mm.
    step = math.tau / 1024 / (250 * 9 / 5)
    assert made["angle"].step == pytest.approx(step)
    assert made["speed"].step == pytest.approx(step / 0.01)
    assert made["speed"].noise == pytest.approx(math.sqrt(2) * 0.5 * step / 0.01)
    # 4,096 steps from -0.5 A to 0.5 A.
    assert made["torque"].step == pytest.approx(1.0 / 4096 * one.torque_per_amp)


def test_senses_change_no_bit_of_the_physics_and_the_same_seed_reads_the_same(scene):
    plain, *felt = (
        RobotBody(scene, config=CONFIG, windings=Windings(DRIVES), senses=senses)
        for senses in (None, Senses(DRIVES, seed=3), Senses(DRIVES, seed=3), Senses(DRIVES, seed=4))
    )
    for _ in range(4):
        for body in (plain, *felt):
            body.act(fist(scene))
    assert all(np.array_equal(body.data.qpos, plain.data.qpos) for body in felt)
    first, same, other = (body.proprioception() for body in felt)
    assert np.array_equal(first, same)
    assert np.array_equal(first, felt[0].proprioception()), "asking twice reads once"
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], plain.proprioception()[0])
    for body in (plain, *felt):
        body.close()


def test_the_errors_of_a_hand_at_rest_are_those_of_noise_and_rounding(scene):
    body = RobotBody(scene, config=CONFIG, windings=Windings(DRIVES), senses=Senses(DRIVES))
    body.act(Action(verb="wait", seconds=2.0))
    readings, truths = [], []
    for _ in range(100):
        body.act(Action(verb="wait", seconds=1 / 36))
        readings.append(body.proprioception())
        truths.append(body._true_proprioception())
    read = np.array(readings)
    off = read - np.array(truths)
    made = [drive_sensors(one) for one in DRIVES]
    for row, kind in enumerate(KINDS[:3]):
        step = np.array([sensors[kind].step for sensors in made])
        noise = np.array([sensors[kind].noise for sensors in made])
        assert np.abs(read[:, row] / step - np.round(read[:, row] / step)).max() < 1e-6
        # White noise, and rounding that adds step^2 / 12 to its square.
        expected = np.sqrt(noise**2 + step**2 / 12.0)
        assert (off[:, row].std(axis=0) / expected).mean() == pytest.approx(1.0, abs=0.04)
        assert np.abs(off[:, row].mean(axis=0) / expected).max() < 0.5
    body.close()


def test_what_is_read_was_so_many_physics_steps_earlier(scene):
    exact = {kind: Sensor(step=0.0, noise=0.0, delay_s=0.0) for kind in KINDS}
    # 20 steps of 1/504 s: one frame period of 14 and 6 more. None is less than the step that MuJoCo itself is behind.
    late = {**exact, "angle": Sensor(step=0.0, noise=0.0, delay_s=20 / 504)}
    body = RobotBody(scene, config=CONFIG, senses=Senses(DRIVES, sensors=[late] * len(DRIVES)))
    data, angles = mujoco.MjData(scene), []
    data.ctrl[:] = fist(scene).joints
    for _ in range(6):
        body.act(fist(scene))
        for _ in range(28):
            mujoco.mj_step(scene, data)
            angles.append(data.actuator_length.copy())
        read = body.proprioception()
        assert np.array_equal(read[0], angles[-20] if len(angles) > 28 else angles[8])
        assert np.array_equal(read[2], data.actuator_force)
    assert np.abs(angles[-1] - angles[0]).max() > 0.2
    body.reset()
    assert np.abs(body.proprioception()[0]).max() < 1e-6, "nothing is left of what was before"
    body.close()


def test_sensors_that_do_not_fit_are_refused(scene):
    with pytest.raises(BadInput, match=r"20 drives.*21"):
        RobotBody(scene, config=CONFIG, senses=Senses(DRIVES[:20]))
    with pytest.raises(BadInput, match="1 of 21 drives"):
        Senses(DRIVES, sensors=[drive_sensors(DRIVES[0])])
    with pytest.raises(BadInput, match="33 bits"):
        Senses(hand_drives(Design(encoder_bits=33)))
