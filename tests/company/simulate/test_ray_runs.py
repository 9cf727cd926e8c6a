"""A sweep over Ray gives the replications of threads, to the bit; without Ray it says what to install."""

import importlib.util
import sys

import numpy as np
import pytest

from crewless.company.simulate.ray_runs import on_ray
from crewless.company.simulate.replications import SimulateConfig, run_choices
from crewless.core.errors import BadInput, MissingTool

from .sheets import cell, sheet

CONFIG = SimulateConfig(weeks=4.0, warmup_weeks=1.0, replications=2, batches=2)
has_ray = importlib.util.find_spec("ray") is not None


def test_without_ray_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingTool, match=r"\.\[ray\]"):
        on_ray("local")


@pytest.mark.skipif(not has_ray, reason="ray is not installed")
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_cluster_of_this_machine_gives_the_same_lives():
    import ray  # pyright: ignore[reportMissingImports]

    line = sheet([cell("a", 1.0, error=0.3), cell("b", 1.0, catch=0.7)], "in>a a>b b>out", every=3.0)
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        run = on_ray("local")
        heard: list[int] = []
        ours = run(line, [{}, {"a": "person"}], CONFIG, lambda done, _: heard.append(done))
        threads = run_choices(line, [{}, {"a": "person"}], CONFIG)
        assert all(np.array_equal(a.by_replication, b.by_replication) for a, b in zip(ours, threads, strict=True))
        assert heard == [2, 4]
        stuck = sheet([cell("a"), cell("b")], "in>g g>a:0.5 g>b:0.5 a>j b>j j>out", gates="g:xor j:and")
        with pytest.raises(BadInput, match="waits here forever"):
            run(stuck, [{}], CONFIG)
    finally:
        ray.shutdown()
