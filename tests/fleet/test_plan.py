"""A plan is data: read back as it was, refused by name where something hangs in the air, carried out whoever wrote it."""

import json
from pathlib import Path

import pytest

import crewless.fleet
from crewless.core.errors import BadInput
from crewless.fleet.plan import check_plan, load_plan, plan_json, plan_schema
from crewless.fleet.run.simulated import SimulatedRun, run_plan
from crewless.fleet.simulate.mishaps import MishapConfig

ROOT = Path(__file__).parents[2]
# A packing hall that no planner of ours has seen: two benches on an aisle of two lanes, three parking places.
HALL = {
    "name": "packing hall",
    "floor": {
        "cell_m": 2.0,
        "cells": ["##########", "#p#p#p#p##", "+<<<<<<<<+", "v########^", "+>>>>>>>>+", "##########"],
        "parking": [[1, 1], [1, 3]],
        "chargers": [[1, 1]],
    },
    "stations": [
        {"name": "pick", "bays": [[1, 5]], "work": "pick", "x_m": 10, "y_m": 8, "width_m": 2, "depth_m": 2},
        {"name": "pack", "bays": [[1, 7]], "work": "pack", "x_m": 14, "y_m": 8, "width_m": 2, "depth_m": 2},
    ],
    "robots": {"kind": "porter", "count": 2},
    "operations": [
        {"name": "pick 1", "station": "pick", "work_s": 20, "by_hand": True},
        {"name": "seal 1", "station": "pack", "work_s": 5, "by_hand": False, "after": ["pick 1"], "makes": "parcel"},
    ],
    "loads": [
        {"name": "box 1", "part": "box", "kg": 2, "station": "pack", "operation": "seal 1", "made_by": "pick 1"},
    ],
}  # fmt: skip


@pytest.fixture
def hall(tmp_path):
    path = tmp_path / "hall.json"
    path.write_text(json.dumps(HALL))
    return load_plan(path)


def test_a_plan_that_somebody_wrote_by_hand_is_carried_out(hall, tmp_path):
    outcome = run_plan(hall, tmp_path / "events.jsonl")
    assert (outcome.done, outcome.lost, outcome.done_twice, outcome.carried) == (3, 0, 0, 1)
    assert (outcome.units, outcome.conflicts) == ({"parcel": 1}, 0)


def test_the_same_file_run_twice_gives_the_same_log(hall, tmp_path):
    logs = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.json"
        path.write_bytes(plan_json(hall))
        log = tmp_path / name / "events.jsonl"
        run_plan(load_plan(path), log, mishaps=MishapConfig(failed_share=0.3, zones_closed=1), seed=3)
        logs.append(log.read_bytes())
    assert logs[0] == logs[1]
    assert b'"failed"' in logs[0]


def test_a_broken_station_without_a_line_has_no_parallel_and_its_work_is_refused(hall, tmp_path):
    run = SimulatedRun(hall, tmp_path / "events.jsonl")
    run.site.fail("pack")
    outcome = run.run()
    assert (outcome.done, outcome.lost, outcome.refused) == (1, 0, 2)


def test_a_plan_is_read_back_as_it_was_written_and_the_published_schema_is_the_code_s(hall, tmp_path):
    (tmp_path / "again.json").write_bytes(plan_json(hall))
    assert load_plan(tmp_path / "again.json") == hall
    published = json.loads((ROOT / "docs/reference/fleet-plan.schema.json").read_text())
    assert published == plan_schema()


def changed(path, value):
    plan = json.loads(json.dumps(HALL))
    *way, last = path
    place = plan
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return plan


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("floor", "cells", 1), "#p#p#p#x##", "row 1 of the floor holds 'x'"),
        (("floor", "cells", 1), "#p", "row 1 of the floor has 2 cells, the first row has 10"),
        (("floor", "cell_m"), 0, "floor.cell_m: Input should be greater than 0, not 0"),
        (("floor", "chargers", 0), [1, 2], "a charger is at row 1, column 2, where no robot may stand"),
        (("stations", 0, "bays", 0), [9, 9], "a bay of station 'pick' is at row 9, column 9"),
        (("stations", 1, "name"), "pick", "two stations have the name 'pick'"),
        (("operations", 1, "name"), "pick 1", "two operations or loads have the name 'pick 1'"),
        (("operations", 0, "station"), "pik", "'pick 1' is done at station 'pik', which does not exist"),
        (("operations", 1, "after"), ["pick 2"], "'seal 1' comes after 'pick 2', which does not exist"),
        (("operations", 0, "work_s"), "long", "operations.0.work_s: .*not 'long'"),
        (("operations", 0, "work_s"), float("inf"), "is not a fleet plan"),
        (("operations", 0, "colour"), "red", "operations.0.colour: Unexpected keyword argument, not 'red'"),
        (("operations",), [], "operations: .*at least 1 item"),
        (("loads", 0, "operation"), "pick 9", "load 'box 1' is for operation 'pick 9', which does not exist"),
        (("loads", 0, "made_by"), None, "load 'box 1' needs either source or made_by"),
        (("loads", 0, "made_by"), "pick 9", "load 'box 1' is made by operation 'pick 9', which does not exist"),
        (("robots", "count"), 0, "'pick 1' needs a robot, and the plan has none"),
        (("robots", "kind"), None, "robots.kind is missing|robots.kind: Field required"),
        (("version",), "7.0", "has version '7.0'"),
    ],
    ids=lambda value: "" if not isinstance(value, str) else value[:40],
)  # fmt: skip
def test_what_hangs_in_the_air_is_named(tmp_path, path, value, words):
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(changed(path, value)))
    with pytest.raises(BadInput, match=words) as caught:
        load_plan(file)
    assert "plan.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_plan_is_named(tmp_path):
    for content in ("", "{", "[]", '"plan"', "null"):
        (tmp_path / "x.json").write_text(content)
        with pytest.raises(BadInput, match=r"x\.json is not a fleet plan"):
            load_plan(tmp_path / "x.json")
    with pytest.raises(BadInput, match=r"cannot read the plan .*y\.json"):
        load_plan(tmp_path / "y.json")


def test_operations_that_wait_for_each_other_are_named(hall, tmp_path):
    from dataclasses import replace

    circle = replace(hall, operations=(replace(hall.operations[0], after=("seal 1",)), hall.operations[1]))
    with pytest.raises(BadInput, match="wait for each other"):
        SimulatedRun(check_plan(circle), tmp_path / "events.jsonl")


def test_no_module_of_the_fleet_knows_who_plans():
    for path in Path(crewless.fleet.__file__).parent.rglob("*.py"):
        text = path.read_text().lower()
        assert "blueprint" not in text, path
        assert "import crewless.planner" not in text, path
        assert "from crewless.planner" not in text, path
