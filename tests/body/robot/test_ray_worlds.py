import importlib.util
import sys

import numpy as np
import pytest

from crewless.body.robot.ray_worlds import ClusterConfig, random_targets, run_here, run_on_cluster, run_shard
from crewless.core.errors import BadInput, CheckpointMismatch, MissingTool

CONFIG = ClusterConfig(num_worlds=7, shard=3, steps=2, substeps=14)
HAS_RAY = importlib.util.find_spec("ray") is not None


def test_shards_cover_all_worlds_and_each_is_the_same_wherever_it_runs(model):
    assert CONFIG.shards() == [3, 3, 1]
    first = run_here(model, CONFIG, random_targets)
    assert [len(snapshot.state) for snapshot in first] == [3, 3, 1]
    again = run_shard(model, CONFIG, 1, random_targets)
    assert np.array_equal(again.state, first[1].state)
    assert not np.array_equal(first[0].state, first[1].state), "every shard has chances of its own"


@pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed (extra ray)")
def test_finished_shards_are_read_and_not_run_again_and_those_of_another_run_are_refused(model, tmp_path):
    for number, snapshot in enumerate(run_here(model, CONFIG, random_targets)):
        snapshot.save(tmp_path / f"shard-{number}.npz")

    def never(worlds, step, chance):
        raise AssertionError("a finished shard was run again")

    found = dict(run_on_cluster(model, CONFIG, never, tmp_path))
    assert sorted(found) == [0, 1, 2]
    longer = ClusterConfig(num_worlds=7, shard=3, steps=3, substeps=14)
    with pytest.raises(CheckpointMismatch, match=r"shard-0\.npz is of another run"):
        list(run_on_cluster(model, longer, never, tmp_path))


def test_no_worlds_and_no_ray_are_said(model, tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="1 or more"):
        ClusterConfig(num_worlds=0).shards()
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingTool, match="Ray is not installed"):
        list(run_on_cluster(model, CONFIG, random_targets, tmp_path))
