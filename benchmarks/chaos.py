"""1,000 robots, 10,000 operations, 5 % of the robots and 2 stations die, the planner is killed twice with kill -9: is every
operation done exactly once? Real mosquitto, real processes; what was done is counted by the site, not by the planner."""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.report import report
from crewless.core.events import EventLog, read_events
from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.fleet_control import FleetControl
from crewless.fleet.control.operations import FleetOperation
from crewless.fleet.control.roadmap import LineRoadmap, StationNode
from crewless.fleet.simulate.simulated_robot import SimulatedRobot, SimulatedRobotConfig, last_will
from crewless.fleet.site import Site
from crewless.fleet.vda5050.address import PASSWORD, broker_address
from crewless.fleet.vda5050.broker import Mosquitto
from crewless.fleet.vda5050.topics import PREFIX, address
from crewless.fleet.vda5050.transport import MqttTransport

SLOW = "1,000 robots and 10,000 operations, a few minutes"
KINDS, SIDE = 8, 12


def factory(count: int, seed: int) -> tuple[list[FleetOperation], LineRoadmap, list[StationNode]]:
    """Chains of five operations of eight skills, a grid of places 5 m apart, 144 stations of eight kinds."""
    rng = random.Random(seed)
    nodes = {f"n{x}-{y}": (5.0 * x, 5.0 * y) for x in range(SIDE) for y in range(SIDE)}
    ways = [(f"n{x}-{y}", f"n{x + a}-{y + b}") for x in range(SIDE) for y in range(SIDE) for a, b in ((1, 0), (0, 1))]
    ways = [pair for pair in ways if pair[1] in nodes]
    stations = [
        StationNode(name=f"s{index}", kind=f"k{index % KINDS}", node=node, places=10)
        for index, node in enumerate(nodes)
    ]
    operations = [
        FleetOperation(
            name=f"o{index}", skill=(kind := f"k{rng.randrange(KINDS)}"), station_kind=kind,
            duration_s=rng.uniform(20, 120), after=(f"o{index - 1}",) if index % 5 else (),
        )
        for index in range(count)
    ]  # fmt: skip
    return operations, LineRoadmap(nodes, ways + [pair[::-1] for pair in ways]), stations


def planner(options: argparse.Namespace) -> None:
    """The process that is killed."""
    operations, roadmap, stations = factory(options.operations, options.seed)
    control = FleetControl(
        operations=operations, roadmap=roadmap, stations=stations, transport=MqttTransport("planner", address=broker_address(options.broker)),
        log=EventLog(options.log), chargers=["n0-0", "n11-11"], config=ControlConfig(late_margin_s=40.0),
    )  # fmt: skip
    while not control.finished():
        control.tick(time.monotonic(), 0.05)
    control.transport.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", type=int, default=1_000)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faster", type=float, default=20.0, help="simulated seconds a second")
    parser.add_argument("--limit", type=float, default=400.0, help="give up after so many seconds")
    parser.add_argument("--broker", help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.broker:
        planner(options)
        return
    with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:
        row = chaos(options, broker, Path(folder) / "events.jsonl")
    report(
        "chaos", [row],
        ["robots", "operations", "robots_died", "stations_died", "planner_kills", "done_once", "done_twice", "lost",
         "forfeited", "wall_s", "simulated_s", "planner_cpu_s"],
        ["done is what the stations recorded; no hardware was used, the robots are simulated",
         "a dying robot's last will is published by the simulator, since all robots share its connection to mosquitto"],
    )  # fmt: skip


def chaos(options: argparse.Namespace, broker: Mosquitto, log: Path) -> dict:
    rng = random.Random(options.seed)
    wire = MqttTransport("robots", address=broker.address)
    site_wire = MqttTransport("site", address=broker.address)
    site = Site(site_wire)
    wire.subscribe(f"{PREFIX}/+/+/order")
    wire.subscribe(f"{PREFIX}/+/+/instantActions")
    robots = {}
    for index in range(options.robots):
        skills = tuple(sorted({f"k{index % KINDS}", f"k{rng.randrange(KINDS)}"}))
        config = SimulatedRobotConfig(serial=f"r{index}", skills=skills, x_m=rng.uniform(0, 55), y_m=rng.uniform(0, 55))
        robots[config.serial] = SimulatedRobot(config, wire, site.work, charge=rng.uniform(0.15, 1.0))
        robots[config.serial].start()
    # Each blow falls when so much is done: robots by ones, the stations, the planner twice.
    doomed = rng.sample(sorted(robots), options.robots // 20)
    broken = rng.sample([f"s{index}" for index in range(SIDE * SIDE)], 2)
    blows = [(rng.uniform(0.05, 0.8), "robot", serial) for serial in doomed]
    blows += [(0.25, "station", broken[0]), (0.6, "station", broken[1]), (0.3, "kill", ""), (0.7, "kill", "")]
    blows.sort()
    # Not only the robots' deaths: two in a hundred lose one piece of work.
    for serial in rng.sample(sorted(robots), options.robots // 50):
        robots[serial].fails_next = 1
    command = [sys.executable, "-m", "benchmarks.chaos", "--broker", broker.url, "--log", str(log),
               "--operations", str(options.operations), "--seed", str(options.seed)]  # fmt: skip
    environ = {**os.environ, PASSWORD: broker.password}
    process = subprocess.Popen(command, env=environ)
    cpu_start, kills, start = os.times(), 0, time.monotonic()
    last, simulated_s = start, 0.0
    while process.poll() is None and time.monotonic() - start < options.limit:
        for topic, payload in wire.receive(0.02):
            place = address(topic)
            if place is not None and place[1] in robots:
                robots[place[1]].handle(topic, payload)
        site.answer()
        now = time.monotonic()
        if now - last >= 0.1:
            dt_s = (now - last) * options.faster
            last, simulated_s = now, simulated_s + dt_s
            for robot in robots.values():
                robot.advance(dt_s)
        while blows and len(site.done) >= blows[0][0] * options.operations:
            _, what, name = blows.pop(0)
            if what == "robot":
                robots[name].alive = False
                will = last_will(name)
                wire.publish(will.topic, will.payload, retain=True)
            elif what == "station":
                site.fail(name)
            else:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                kills += 1
                process = subprocess.Popen(command, env=environ)
    wall_s = time.monotonic() - start
    if process.poll() is None:
        process.kill()
    process.wait()
    wire.close()
    site_wire.close()
    cpu = os.times()
    counts = Counter(operation for operation, _, _ in site.done)
    ends = Counter(event.outcome for event in read_events(log) if event.kind == "end")
    return {
        "robots": options.robots, "operations": options.operations,
        "robots_died": sum(not robot.alive for robot in robots.values()), "stations_died": len(site.broken),
        "planner_kills": kills, "done_once": sum(count == 1 for count in counts.values()),
        "done_twice": sum(count > 1 for count in counts.values()), "lost": options.operations - len(counts),
        "recorded_done": ends["done"], "forfeited": ends["forfeited"], "failed": ends["failed"], "wall_s": wall_s,
        "simulated_s": simulated_s, "planner_cpu_s": cpu.children_user + cpu.children_system - cpu_start.children_user
        - cpu_start.children_system, "exit_code": process.returncode,
    }  # fmt: skip


if __name__ == "__main__":
    main()
