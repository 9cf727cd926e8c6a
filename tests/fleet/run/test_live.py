"""A shift over a real mosquitto: control and robots in processes of their own, broker and processes that die, robots of others."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from crewless.cli import main
from crewless.core.errors import BadInput
from crewless.core.events import read_events
from crewless.fleet.plan import load_plan
from crewless.fleet.run.live import LiveRun
from crewless.fleet.simulate.mishaps import MishapConfig
from crewless.fleet.simulate.over_broker import simulate_floor
from crewless.fleet.simulate.simulated_robot import SimulatedRobot, SimulatedRobotConfig, last_will
from crewless.fleet.vda5050.address import BrokerAddress, broker_address
from crewless.fleet.vda5050.broker import Mosquitto
from crewless.fleet.vda5050.topics import header, topic_of
from crewless.fleet.vda5050.transport import MqttTransport
from crewless.planner.blueprint.designer import design
from crewless.planner.goal import load_goal
from crewless.planner.schedule.shift import schedule_shift

EXAMPLES = Path(__file__).parents[3] / "examples/factory"
HAS_MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin") is not None
needs_mosquitto = pytest.mark.skipif(not HAS_MOSQUITTO, reason="mosquitto is not installed")
PROGRAM = "import sys; from crewless.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def solar():
    return design(load_goal(EXAMPLES / "solar.yaml"))


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "fleet", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_until(what, seconds=40.0):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def done_in(folder):
    record = folder / "site.jsonl"
    lines = [json.loads(line) for line in record.read_bytes().splitlines()] if record.is_file() else []
    return Counter(line["operation"] for line in lines if line["station"])


@needs_mosquitto
def test_processes_and_broker_are_killed_and_every_operation_is_done_once(tmp_path, capsys, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{probe.getsockname()[1]}"
        goal = str(EXAMPLES / "solar.yaml")
        words = ["--runs", str(tmp_path), "--units", "1", "--pace", "200", "--broker", f"mqtt://{nobody}"]
        assert main(["plan", "run", goal, *words]) == 2
    (folder,) = tmp_path.glob("*-plan-run")
    (line,) = capsys.readouterr().err.splitlines()
    assert f"no MQTT broker answers at {nobody}" in line
    assert f"crewless fleet resume {folder}" in line
    (tmp_path / "mosquitto").mkdir()
    with Mosquitto(tmp_path / "mosquitto") as broker:
        monkeypatch.setenv("CREWLESS_MQTT_PASSWORD", broker.password)
        there = ["--broker", broker.url]
        robots = start("robots", folder, *there)
        control = start("resume", folder, *there)
        try:
            wait_until(lambda: sum(done_in(folder).values()) >= 3)
            for process in (control, robots):
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            broker.stop()
            broker.start()
            robots = start("robots", folder, *there)
            control = start("resume", folder, *there)
            before = sum(done_in(folder).values())
            wait_until(lambda: sum(done_in(folder).values()) > before + 3)
            broker.stop()
            broker.start()
            assert control.wait(60) == 0
            assert robots.wait(20) == 0
        finally:
            for process in (control, robots):
                process.kill()
                process.wait()
    outcome = json.loads((folder / "outcome.json").read_text())
    planned = load_plan(folder / "plan.json")
    names = [each.name for each in (*planned.operations, *planned.loads)]
    assert (outcome["done"], outcome["lost"], outcome["refused"]) == (len(names), 0, 0)
    assert done_in(folder) == Counter(names)
    assert json.loads((folder / "positions.jsonl").read_text().splitlines()[-1])["open"] == 0


@needs_mosquitto
def test_robots_of_others_are_commanded_and_those_that_speak_otherwise_are_named(solar, tmp_path):
    shift = schedule_shift(solar, 1)
    with Mosquitto(tmp_path) as broker:
        endpoint = broker.address
        warned, said = [], []
        floor = LiveRun(
            shift, tmp_path / "events.jsonl", endpoint, run="a run", pace=200.0,
            warn=lambda who, what: warned.append((who, what)),
        )  # fmt: skip
        plain = MishapConfig()
        stations = threading.Thread(
            target=simulate_floor, args=(shift, tmp_path, endpoint),
            kwargs={"run": "a run", "mishaps": plain, "pace": 200.0, "robots": 0},
        )  # fmt: skip
        stations.start()
        old = MqttTransport("old", address=endpoint)
        hello = header("acme", "old-1", 0) | {"version": "2.1.0", "connectionState": "ONLINE"}
        old.publish("uagv/v2/acme/old-1/connection", msgspec.json.encode(hello), retain=True)
        old.publish(topic_of("acme", "old-2", "connection"), msgspec.json.encode(hello))
        for number in range(100):
            old.publish(topic_of("acme", "mad", "state"), b'{"serialNumber": "mad"}')
            old.publish(topic_of("acme", "mad", "state"), f"nonsense {number}".encode())
        # Two makers' robots with the same serial number; the floor is 40 m wide.
        ends, robots = [], []
        for maker in ("acme", "globex"):
            end = MqttTransport(f"{maker} 7", address=endpoint, will=last_will("7", maker))
            for kind in ("order", "instantActions"):
                end.subscribe(topic_of(maker, "7", kind))
            config = SimulatedRobotConfig(
                serial="7", manufacturer=maker, skills=("tend",), carries=True, x_m=5.0, y_m=1.0
            )
            ends.append(end)
            robots.append(SimulatedRobot(config, end))

        def work(_floor):
            for robot in robots:
                for topic, payload in robot.transport.receive():
                    robot.handle(topic, payload)
                robot.advance(20.0)

        for robot in robots:
            robot.work_done = lambda action, parameters: True
            robot.start()
        # Their work is reported to nobody: a control believes a robot that says so itself.
        outcome = floor.run(work, said.append)
        (tmp_path / "outcome.json").write_text("{}")
        stations.join(20)
        for end in (*ends, old):
            end.close()
    assert (outcome.done, outcome.lost) == (len(floor.coordinator.operations), 0)
    starts = {event.resource for event in read_events(tmp_path / "events.jsonl") if event.kind == "start"}
    assert {"acme/7", "globex/7"} <= starts
    assert ("acme/old-1", "speaks VDA 5050 v2, not v3: not commanded") in warned
    assert any(who == "acme/old-2" and "version 2.1.0" in what for who, what in warned)
    assert any(who == "acme/mad" and "malformed state" in what for who, what in warned)
    # A robot that never says the same nonsense twice does not fill the log either.
    assert sum(who == "acme/mad" for who, _ in warned) < 30
    notes = [event for event in read_events(tmp_path / "events.jsonl") if event.kind == "note"]
    assert sum(event.resource == "acme/mad" for event in notes) < 30


def test_the_address_of_a_broker():
    assert broker_address("mqtt://plant.example", {}) == BrokerAddress(host="plant.example", port=1883)
    found = broker_address("mqtts://al@[::1]:99", {"CREWLESS_MQTT_PASSWORD": "secret", "CREWLESS_MQTT_CA": "/ca.pem"})
    assert found == BrokerAddress(host="::1", port=99, user="al", password="secret", tls=True, authority="/ca.pem")
    for wrong in ("plant.example:1883", "http://plant.example", "mqtt://", "mqtt://a:99999", "mqtt://a/b"):
        with pytest.raises(BadInput, match="no broker's address"):
            broker_address(wrong, {})
    with pytest.raises(BadInput, match="holds a password") as caught:
        broker_address("mqtt://al:secret@plant.example", {})
    assert "secret" not in str(caught.value)
    for here in ("localhost", "127.0.0.1", "[::1]"):
        assert broker_address(f"mqtt://al@{here}", {"CREWLESS_MQTT_PASSWORD": "secret"}).password == "secret"
    with pytest.raises(
        BadInput, match=r"plant\.example would be sent unencrypted .*mqtts://al@plant\.example"
    ) as caught:
        broker_address("mqtt://al@plant.example", {"CREWLESS_MQTT_PASSWORD": "secret"})
    assert "secret" not in str(caught.value)


def test_robots_need_a_broker_and_a_run(tmp_path, capsys):
    assert main(["fleet", "robots", str(tmp_path), "--broker", "mqtt://127.0.0.1"]) == 2
    assert "is no folder of a run of a plan" in capsys.readouterr().err
