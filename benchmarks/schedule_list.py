"""List schedule of 10,000 robots and 100,000 operations with travel and skills, and a new plan after 5 % have failed."""

import time

import numpy as np

from benchmarks.report import report
from crewless.planner.schedule.list_schedule import fleet_schedule

ROBOTS, JOBS, LENGTH, SKILLS = 10_000, 20_000, 5, 8


def main() -> None:
    random = np.random.default_rng(1)
    n = JOBS * LENGTH
    duration, skill = random.integers(20, 200, n), random.integers(0, SKILLS, n)
    place, robot_place = random.integers(0, 100, (n, 2)), random.integers(0, 100, (ROBOTS, 2))
    robot_skill = random.integers(0, SKILLS, ROBOTS)
    last = np.arange(n) % LENGTH == LENGTH - 1
    first = np.concatenate([[0], np.cumsum(~last)])
    after = np.flatnonzero(~last) + 1
    waiting = (np.arange(n) % LENGTH != 0).astype(np.int64)
    tail = duration.reshape(JOBS, LENGTH)[:, ::-1].cumsum(axis=1)[:, ::-1].ravel().copy()
    zeros = np.zeros(n, np.int64)

    never = np.full(ROBOTS, 1 << 60)

    def plan(waits, release, places, free, ends=never):
        return fleet_schedule(
            duration, skill, place, tail, first, after, waits.copy(), release.copy(), robot_skill, places.copy(),
            free.copy(), ends, 24,
        )  # fmt: skip

    free = np.zeros(ROBOTS, np.int64)
    plan(waiting, zeros, robot_place, free)  # compiles
    began = time.process_time()
    starts, robots = plan(waiting, zeros, robot_place, free)
    plan_s = time.process_time() - began
    makespan = int((starts + duration).max())

    dead = random.permutation(ROBOTS)[: ROBOTS // 20]
    now = makespan // 2
    began = time.process_time()
    ends = starts + duration
    is_dead = np.zeros(ROBOTS, bool)
    is_dead[dead] = True
    # What runs on a robot that dies must be done again; what has started elsewhere is kept.
    kept = (ends <= now) | ((starts < now) & ~is_dead[robots])
    places, free2 = robot_place.copy(), np.full(ROBOTS, now)
    order = np.flatnonzero(kept)[np.argsort(starts[kept], kind="stable")]
    places[robots[order]] = place[order]
    np.maximum.at(free2, robots[order], ends[order])
    waits = np.where(kept, -1, waiting)
    release = np.full(n, now)
    has_kept = np.flatnonzero(kept & ~last)
    waits[has_kept + 1] -= ~kept[has_kept + 1]
    release[has_kept + 1] = np.maximum(release[has_kept + 1], ends[has_kept])
    new_starts, new_robots = plan(waits, release, places, free2, np.where(is_dead, 0, never))
    replan_s = time.process_time() - began
    starts2, robots2 = np.where(kept, starts, new_starts), np.where(kept, robots, new_robots)
    # Checked: all done, skills, order of jobs, nobody in two places, nothing begun by the dead.
    assert starts2.min() >= 0
    assert (robot_skill[robots2] == skill).all()
    assert (starts2[after] >= (starts2 + duration)[after - 1]).all()
    assert not is_dead[robots2[~kept]].any()
    by = np.lexsort((starts2, robots2))
    a, b = by[:-1], by[1:]
    same = robots2[a] == robots2[b]
    travel = np.abs(place[a] - place[b]).sum(axis=1)
    assert (starts2[b] >= starts2[a] + duration[a] + travel)[same].all()
    replanned = int((starts2 + duration).max())
    knew_starts, _ = plan(waiting, zeros, robot_place, free, np.where(is_dead, now, never))
    assert knew_starts.min() >= 0
    knew = int((knew_starts + duration).max())
    rows = [
        {"case": "plan", "cpu_s": plan_s, "makespan": makespan},
        {
            "case": "replan after 5 % died",
            "cpu_s": replan_s,
            "makespan": replanned,
            "to_one_that_knew": replanned / knew,
        },
        {"case": "one that knew", "makespan": knew},
    ]
    report("schedule_list", rows, ["case", "cpu_s", "makespan", "to_one_that_knew"], [
        "one that knew: the same list schedule, told from the start when each robot dies, so that nothing is lost half done",
    ])  # fmt: skip


if __name__ == "__main__":
    main()
