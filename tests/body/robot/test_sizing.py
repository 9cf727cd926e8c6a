import pytest

from crewless.body.robot.simple import CONTROL_SUBSTEPS
from crewless.body.robot.sizing import MeasuredSpeed, measure, size
from crewless.core.errors import BadInput

MEASURED = MeasuredSpeed(steps_per_cpu_s=1000.0, bytes_per_world=4096.0)
TARGET = {"num_worlds": 1e6, "steps_per_world": 36_000.0, "cores": 100, "memory_gib": 10.0, "usd_per_hour": 3.0}


def test_time_binds_when_there_is_much_to_simulate():
    # 3.6e10 steps / 1000 = 3.6e7 core seconds = 1e4 core hours = 100 machine hours: 10 machines for 10 hours, 300 $.
    result = size(MEASURED, **TARGET, hours=10.0)
    assert (result.machines, result.bound_by) == (10, "time")
    assert result.hours == pytest.approx(10.0)
    assert result.cost_usd == pytest.approx(300.0)
    assert result.memory_gib == pytest.approx(4096e6 / 2**30)


def test_memory_binds_when_the_worlds_do_not_fit():
    # 400 KiB a world are 381.5 GiB; 8 of each machine's 10 GiB are for worlds: 48 machines.
    result = size(MeasuredSpeed(steps_per_cpu_s=1e6, bytes_per_world=409_600.0), **TARGET, hours=10.0)
    assert (result.machines, result.bound_by) == (48, "memory")


@pytest.mark.parametrize(
    "wrong", [{"num_worlds": 0}, {"cores": -1}, {"usd_per_hour": -1.0}, {"memory_gib": float("nan")}]
)
def test_impossible_targets_are_refused(wrong):
    with pytest.raises(BadInput, match="--"):
        size(MEASURED, **{**TARGET, "hours": 10.0, **wrong})


def test_a_robot_takes_kilobytes_not_megabytes(model):
    measured = measure(model, substeps=CONTROL_SUBSTEPS, seconds=0.1, num_worlds=16)
    # A row of state alone is 234 numbers of 8 bytes, kept twice.
    assert 2 * 234 * 8 * 0.5 < measured.bytes_per_world < 2**20
    assert measured.steps_per_cpu_s > 0
