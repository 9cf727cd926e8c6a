"""Worlds on two Ray nodes: the same as on one machine, and a node that is killed loses no finished work.

python -m benchmarks.worlds_cluster [--shards 40]

Both nodes are processes of this machine (Ray's own cluster for tests); the second is killed, with everything that it runs, when
a quarter of the work is finished.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.report import report
from crewless.body.robot.ray_worlds import ClusterConfig, random_targets, run_here, run_on_cluster
from crewless.body.robot.simple import simple_hand

SLOW = "a Ray cluster of two nodes is started"


def main() -> None:
    import ray
    from ray.cluster_utils import Cluster

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=40)
    options = parser.parse_args()
    model = simple_hand().compile()
    config = ClusterConfig(num_worlds=16 * options.shards, shard=16, steps=20)
    began_s = time.monotonic()
    expected = run_here(model, config, random_targets)
    alone_s = time.monotonic() - began_s
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    found, at_kill, began_s = {}, 0, time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for number, snapshot in run_on_cluster(model, config, random_targets, Path(folder)):
                assert number not in found, "a shard came twice"
                found[number] = snapshot
                if len(found) == options.shards // 4:
                    at_kill = len(list(Path(folder).glob("shard-*.npz")))
                    cluster.remove_node(second, allow_graceful=False)
    finally:
        ray.shutdown()
        cluster.shutdown()
    same = sum(np.array_equal(found[number].state, snapshot.state) for number, snapshot in enumerate(expected))
    row = {
        "shards": options.shards, "worlds": config.num_worlds, "finished_at_kill": at_kill, "finished": len(found),
        "same_bits": same, "wall_s_alone": alone_s, "wall_s_cluster": time.monotonic() - began_s,
    }  # fmt: skip
    notes = [
        "to reach: all finished, all the same to the last bit as on one machine",
        "two nodes on one machine of two cores",
    ]
    report("worlds_cluster", [row], tuple(row), notes)


if __name__ == "__main__":
    main()
