import mujoco
import numpy as np
import pytest

from crewless.body.robot.simple import simple_hand
from crewless.body.robot.worlds import Worlds, WorldSnapshot, load_incident
from crewless.core.errors import BadInput, CheckpointMismatch, CorruptRecording

NUM_WORLDS = 6


def controls(model, steps, seed=0):
    rng = np.random.default_rng(seed)
    low, high = model.actuator_ctrlrange.T
    return rng.uniform(low, high, (steps, NUM_WORLDS, model.nu))


def run(worlds, plan):
    for control in plan:
        worlds.step(control)
    return worlds.state.copy()


def test_worlds_equal_mujocos_own_loop_to_the_last_bit(model):
    plan = controls(model, 5)
    worlds = Worlds(model, NUM_WORLDS, substeps=28, threads=1)
    run(worlds, plan)
    data = mujoco.MjData(model)
    for control in plan:
        data.ctrl[:] = control[3]
        mujoco.mj_step(model, data, 28)
    assert np.array_equal(worlds.qpos[3], data.qpos)
    assert np.array_equal(worlds.qvel[3], data.qvel)


def test_any_number_of_threads_gives_the_same_bits(model):
    plan = controls(model, 5)
    one = run(Worlds(model, NUM_WORLDS, substeps=28, threads=1), plan)
    three = run(Worlds(model, NUM_WORLDS, substeps=28, threads=3), plan)
    assert np.array_equal(one, three)
    assert not np.array_equal(one[0], one[1]), "the worlds should differ, or the comparison says nothing"


def test_a_restart_from_a_snapshot_file_goes_on_with_the_same_bits(model, tmp_path):
    plan = controls(model, 8)
    friction = np.random.default_rng(1).uniform(0.3, 1.2, (NUM_WORLDS, 1, 1)) * model.geom_friction
    first = Worlds(model, NUM_WORLDS, substeps=28, threads=1)
    first.vary("geom_friction", friction)
    run(first, plan[:4])
    first.snapshot().save(tmp_path / "half.npz")
    whole = run(first, plan[4:])
    second = Worlds(simple_hand().compile(), NUM_WORLDS, substeps=28, threads=2)
    second.restore(WorldSnapshot.load(tmp_path / "half.npz"))
    assert second.steps == 4
    assert np.array_equal(run(second, plan[4:]), whole)


def test_a_heavier_block_weighs_more_in_its_world_only(model):
    block = model.body("block").id
    masses = np.tile(model.body_mass, (NUM_WORLDS, 1))
    masses[2, block] *= 3
    worlds = Worlds(model, NUM_WORLDS, substeps=28, threads=1)
    worlds.vary("body_mass", masses)
    # Pushed up by 2 N, the light block (0.59 N) flies and the heavy one (1.77 N) is slower by (2/m - g) to (2/3m - g).
    force = worlds.output("xfrc_applied")
    force[:, block, 2] = 2.0
    worlds.step()
    speed = worlds.qvel[:, model.joint("block").dofadr[0] + 2]
    assert speed[0] == pytest.approx((2.0 / 0.06 - 9.81) * worlds.control_period_s, rel=0.02)
    assert speed[2] == pytest.approx((2.0 / 0.18 - 9.81) * worlds.control_period_s, rel=0.1)
    assert np.array_equal(speed[[1, 3, 4, 5]], np.repeat(speed[0], 4))


def test_a_world_with_nan_is_dumped_restarted_and_counted_and_the_others_do_not_notice(model, tmp_path):
    plan = controls(model, 4)
    undisturbed = run(Worlds(model, NUM_WORLDS, substeps=28, threads=1), plan)
    worlds = Worlds(model, NUM_WORLDS, substeps=28, threads=2, dump_folder=tmp_path / "dumps")
    start = worlds.state[4].copy()
    run(worlds, plan[:2])
    worlds.qvel[4, 0] = np.nan
    assert list(worlds.step(plan[2])) == [4]
    assert np.array_equal(worlds.state[4], start)
    assert list(worlds.restarts) == [0, 0, 0, 0, 1, 0]
    (incident,) = worlds.incidents
    assert (incident.world, incident.step) == (4, 2)
    digest, state, _ = load_incident(incident.dump)
    assert digest == worlds.digest
    assert np.isnan(state).sum() == 1
    assert list(worlds.step(plan[3])) == []
    others = [0, 1, 2, 3, 5]
    assert np.array_equal(worlds.state[others], undisturbed[others])
    assert np.isfinite(worlds.state).all()


def test_a_world_that_explodes_inside_a_step_is_put_back_to_where_it_was_marked(model):
    worlds = Worlds(model, 2, substeps=28, threads=1)
    worlds.step()
    worlds.mark_start()
    marked = worlds.state[1].copy()
    worlds.qvel[1] = 1e9
    assert list(worlds.step()) == [1]
    assert np.array_equal(worlds.state[1], marked)


def test_a_state_is_put_into_the_named_worlds_and_what_follows_from_it_is_renewed(model):
    worlds = Worlds(model, 3, substeps=28, threads=1)
    before = worlds.state.copy()
    lifted = before[0].copy()
    lifted[1 + model.joint("block").qposadr[0] + 2] = 0.5
    height = worlds.output("xpos")
    worlds.put_state(lifted, np.array([2]))
    assert np.array_equal(worlds.state[:2], before[:2])
    assert np.array_equal(worlds.state[2], lifted)
    assert height[2, model.body("block").id, 2] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("body_wings", 1.0, "body_wings"),
        ("body_mass", np.nan, "not finite"),
        ("body_mass", -1.0, "-1 kg"),
        ("body_mass", np.ones((3, 3)), r"\(3, 3\)"),
    ],
)
def test_impossible_parameters_are_refused(model, name, values, said):
    with pytest.raises(BadInput, match=said):
        Worlds(model, 2, substeps=1, threads=1).vary(name, np.asarray(values))


def test_a_snapshot_of_another_model_or_number_is_refused(model, tmp_path):
    worlds = Worlds(model, 2, substeps=1, threads=1)
    spec = simple_hand()
    spec.body("palm").pos[2] += 0.01
    with pytest.raises(CheckpointMismatch, match="model"):
        Worlds(spec.compile(), 2, substeps=1, threads=1).restore(worlds.snapshot())
    with pytest.raises(CheckpointMismatch, match="2 worlds, not 3"):
        Worlds(model, 3, substeps=1, threads=1).restore(worlds.snapshot())
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(CorruptRecording, match=r"torn\.npz"):
        WorldSnapshot.load(tmp_path / "torn.npz")


@pytest.mark.parametrize("wrong", [{"num_worlds": 0}, {"substeps": 0}, {"threads": -1}])
def test_impossible_numbers_are_refused(model, wrong):
    with pytest.raises(BadInput):
        Worlds(model, **{"num_worlds": 1, "substeps": 1, **wrong})
