"""mujoco-warp on its processor device against mujoco.batch. The first run compiles for about 20 CPU seconds; later ones do not."""

import importlib.util
import sys

import mujoco
import numpy as np
import pytest

from crewless.body.robot import worlds_warp
from crewless.body.robot.simple import simple_hand
from crewless.body.robot.worlds import Worlds, WorldSnapshot, load_incident
from crewless.body.robot.worlds_warp import WarpWorlds, open_worlds
from crewless.core.errors import BadInput, CheckpointMismatch, MissingTool

N = 6
HAS_WARP = importlib.util.find_spec("mujoco_warp") is not None
needs_warp = pytest.mark.skipif(not HAS_WARP, reason="mujoco-warp is not installed (extra warp)")


@pytest.fixture(scope="module", autouse=True)
def quick_to_compile():
    if HAS_WARP:
        wp, _ = worlds_warp.load_warp()
        # Compiling takes half as long and stepping twice as long, which pays for so few steps; the numbers are the same.
        wp.config.optimization_level = 0


def on_warp(model, num_worlds=N, **special):
    # Seven physics steps and not 28: launching the kernels takes the time here.
    return WarpWorlds(model, num_worlds, **{"substeps": 7, **special}, device="cpu")


def plan(model, steps, seed=0):
    """Targets that wander about a half-closed hand, another for each world."""
    rng = np.random.default_rng(seed)
    low, high = model.actuator_ctrlrange.T
    return np.clip(0.3 + np.cumsum(rng.normal(0, 0.2, (steps, N, model.nu)), axis=0), low, high)


@needs_warp
def test_worlds_go_where_the_processors_go_within_32_bits(model):
    gpu, cpu = on_warp(model, substeps=21), Worlds(model, N, substeps=21, threads=1)
    thrown = cpu.state.copy()
    # The block is thrown up at 1 m/s: until it comes down at 0.2 s nothing but gravity acts on it.
    thrown[:, 1 + model.nq + model.joint("block").dofadr[0] + 2] = 1.0
    masses = np.tile(model.body_mass, (N, 1)) * np.linspace(0.5, 2.0, N)[:, None]
    for worlds in (gpu, cpu):
        worlds.vary("body_mass", masses)
        worlds.put_state(thrown)
    for control in plan(model, 3):
        assert list(gpu.step(control)) == list(cpu.step(control)) == []
    # Measured over 32 worlds and 18 steps of 28: half within 5e-7, all within 1.3e-5.
    np.testing.assert_allclose(gpu.qpos, cpu.qpos, atol=5e-6)
    np.testing.assert_allclose(gpu.qvel, cpu.qvel, atol=2e-4)
    assert np.abs(cpu.qpos - thrown[:, 1 : 1 + model.nq]).max() > 0.05, "it should have moved, or this says nothing"
    height = model.joint("block").qposadr[0] + 2
    fallen_s = 3 * gpu.control_period_s
    # Semi-implicit steps fall half a step further than g t^2 / 2.
    expected = 0.09 + fallen_s - 9.81 / 2 * fallen_s * (fallen_s + model.opt.timestep)
    np.testing.assert_allclose(gpu.qpos[:, height], expected, atol=1e-5)
    assert gpu.overflows.sum() == 0
    # With contacts: a tilted block slides over palm and fingers. Two boxes must meet by the same algorithm; see _as_warp_takes_it.
    tilted = cpu.state.copy()
    tilted[:] = 0.0
    tilted[:, 1 : 1 + model.nq] = model.qpos0
    block = 1 + model.joint("block").qposadr[0]
    tilted[:, block + 2] = 0.089
    tilted[:, block + 3 : block + 7] = np.array([np.cos(0.04), np.sin(0.04), 0.0, 0.0])
    tilted[:, 1 + model.nq + model.joint("block").dofadr[0]] = np.linspace(0.1, 0.5, N)
    for worlds in (gpu, cpu):
        worlds.put_state(tilted)
        for control in plan(model, 3, seed=1):
            worlds.step(control)
    np.testing.assert_allclose(gpu.qpos, cpu.qpos, atol=1e-4)
    assert np.abs(gpu.qvel).mean() == pytest.approx(np.abs(cpu.qvel).mean(), rel=1e-3)


@needs_warp
def test_a_world_with_nan_is_dumped_put_back_and_counted_and_the_others_do_not_notice(model, tmp_path):
    controls = plan(model, 3)
    undisturbed, worlds = on_warp(model), on_warp(model, dump_folder=tmp_path / "dumps")
    start = worlds.state[4]
    for one in (undisturbed, worlds):
        one.step(controls[0])
    broken = np.array(worlds.state)
    broken[4, 1 + model.nq] = np.nan
    worlds.put_state(broken[4], np.array([4]))
    undisturbed.step(controls[1])
    assert list(worlds.step(controls[1])) == [4]
    assert np.array_equal(worlds.state[4], start)
    assert list(worlds.restarts) == [0, 0, 0, 0, 1, 0]
    (incident,) = worlds.incidents
    assert (incident.world, incident.step) == (4, 1)
    digest, state, _ = load_incident(incident.dump)
    assert digest == worlds.digest == Worlds(model, 1, substeps=1, threads=1).digest
    assert np.isnan(state).sum() == 1
    others = [0, 1, 2, 3, 5]
    assert np.array_equal(worlds.state[others], undisturbed.state[others])
    assert list(worlds.step(controls[2])) == []
    with pytest.raises(ValueError, match="read-only"):
        worlds.qpos[0] = 0.0


@needs_warp
def test_snapshots_go_on_with_the_same_bits_and_from_one_backend_to_the_other(model, tmp_path):
    controls = plan(model, 4)
    first = on_warp(model)
    first.vary("geom_friction", np.linspace(0.3, 1.2, N)[:, None, None] * model.geom_friction)
    for control in controls[:2]:
        first.step(control)
    first.snapshot().save(tmp_path / "half.npz")
    half = WorldSnapshot.load(tmp_path / "half.npz")
    second, processor = on_warp(model), Worlds(model, N, substeps=7, threads=1)
    for one in (second, processor):
        one.restore(half)
        assert one.steps == 2
    for control in controls[2:]:
        for one in (first, second, processor):
            one.step(control)
    assert np.array_equal(first.state, second.state)
    np.testing.assert_allclose(first.qpos, processor.qpos, atol=1e-3)
    with pytest.raises(CheckpointMismatch, match="6 worlds, not 2"):
        on_warp(model, 2).restore(half)


@needs_warp
def test_what_finds_no_room_is_counted_and_what_cannot_be_done_is_named(model):
    cramped = on_warp(model, 2, substeps=28, constraints=1, contacts=1)
    cramped.step(np.full(model.nu, 1.6))
    assert (cramped.overflows > 0).all(), "the block lies on the palm and on the fingers"
    for name, said in (("cam_pos", "cam_pos"), ("geom_type", "geom_type"), ("body_wings", "body_wings")):
        with pytest.raises(BadInput, match=said):
            cramped.vary(name, np.ones(2))
    with pytest.raises(BadInput, match=r"\(3, 3\)"):
        cramped.vary("body_mass", np.ones((3, 3)))
    with pytest.raises(BadInput, match=r"'nowhere'.*cpu"):
        WarpWorlds(model, 1, substeps=1, device="nowhere")
    with pytest.raises(BadInput, match="body_xpos"):
        cramped.output("body_xpos")
    assert cramped.output("site_xpos").shape == (2, model.nsite, 3)
    spec = simple_hand()
    spec.option.solver = mujoco.mjtSolver.mjSOL_PGS
    with pytest.raises(BadInput, match=r"mjSOL_PGS.*cpu"):
        on_warp(spec.compile(), 1)


def test_the_backend_is_chosen_by_name_and_a_missing_one_is_said(model, monkeypatch):
    assert isinstance(open_worlds(model, 1, substeps=1, threads=1), Worlds)
    with pytest.raises(BadInput, match=r"'jax'.*cpu; warp"):
        open_worlds(model, 1, substeps=1, backend="jax")  # pyright: ignore[reportArgumentType]
    worlds_warp.load_warp.cache_clear()
    monkeypatch.setitem(sys.modules, "mujoco_warp", None)
    with pytest.raises(MissingTool, match=r"crewless\[warp\]"):
        open_worlds(model, 1, substeps=1, backend="warp")
