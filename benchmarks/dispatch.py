"""Validated VDA 5050 messages a second through a real mosquitto, from 10,000 simulated robots; and what a restart loses."""

import argparse
import gc
import multiprocessing as mp
import tempfile
import threading
import time
from pathlib import Path

import msgspec

from benchmarks.report import report
from crewless.fleet.simulate.simulated_robot import SimulatedRobot, SimulatedRobotConfig
from crewless.fleet.vda5050.address import BrokerAddress
from crewless.fleet.vda5050.broker import Mosquitto
from crewless.fleet.vda5050.topics import MANUFACTURER, PREFIX, header, topic_of
from crewless.fleet.vda5050.transport import MemoryBroker, MqttTransport
from crewless.fleet.vda5050.validation import decode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", type=int, default=10_000)
    parser.add_argument("--messages", type=int, default=200_000)
    options = parser.parse_args()
    rows = []
    for case, qos, restart in (("at most once", 0, False), ("at least once", 1, False), ("broker restarted", 1, True)):
        messages = options.messages if not restart else options.messages // 4
        with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:
            rows.append({"case": case, "qos": qos, **measure(options.robots, messages, qos, broker, restart)})
    report(
        "dispatch", rows,
        ["case", "qos", "robots", "messages", "bytes", "messages_per_s", "lost", "twice", "control_cpu_us", "robots_cpu_us"],
        ["each message is a whole state, made as JSON by the robots' process, and parsed and validated in the control's",
         "the robots share one connection; wall time on the machine as it was, CPU microseconds a message beside it",
         "restarted: mosquitto is ended by SIGTERM in the middle and started again after a second; sessions kept"],
    )  # fmt: skip


def robots_process(robots: int, messages: int, qos: int, address: BrokerAddress, rate: float, cpu) -> None:
    wire = MqttTransport("robots", address=address, qos=qos)
    nowhere = MemoryBroker().connect()
    fleet = [
        SimulatedRobot(SimulatedRobotConfig(serial=f"r{index}", x_m=float(index % 100)), nowhere)
        for index in range(robots)
    ]
    states = [(topic_of(MANUFACTURER, robot.config.serial, "state"), robot) for robot in fleet]
    gc.collect()
    gc.freeze()  # the fleet stays: no use in looking through it again and again
    start, began = time.process_time(), time.monotonic()
    for number in range(messages):
        topic, robot = states[number % robots]
        message = header(MANUFACTURER, robot.config.serial, number // robots) | robot.state()
        wire.publish(topic, msgspec.json.encode(message))
        if number % 100 == 99:  # do not run ahead of the wire
            while wire.pending() > 5_000:
                time.sleep(0.001)
            if rate and (ahead := began + number / rate - time.monotonic()) > 0:
                time.sleep(ahead)
    while wire.pending():
        time.sleep(0.01)
    cpu.value = time.process_time() - start
    wire.close()


def measure(robots: int, messages: int, qos: int, broker: Mosquitto, restart: bool) -> dict:
    control = MqttTransport("control", address=broker.address, qos=qos)
    control.subscribe(f"{PREFIX}/+/+/state")
    context = mp.get_context("spawn")
    cpu = context.Value("d", 0.0)
    # With a restart in the middle the stream must last: 8 seconds of it.
    rate = messages / 8 if restart else 0.0
    sender = context.Process(target=robots_process, args=(robots, messages, qos, broker.address, rate, cpu))
    sender.start()
    gc.collect()
    gc.freeze()
    seen: set[tuple[str, int]] = set()
    first, last, arrived, size, cpu_start = 0.0, 0.0, 0, 0, 0.0
    breaker = None
    while len(seen) < messages:
        batch = control.receive(0.5)
        now = time.monotonic()
        if not batch:
            if first and now - last > (25 if restart else 10):
                break
            continue
        if not first:
            first, cpu_start = now, time.process_time()
            if restart:
                breaker = threading.Timer(3.0, _restart, [broker])
                breaker.start()
        for _, payload in batch:
            message = decode("state", payload)
            seen.add((message["serialNumber"], message["headerId"]))
        arrived += len(batch)
        size = len(batch[-1][1])
        last = time.monotonic()
    spent = time.process_time() - cpu_start
    sender.join(30)
    if breaker is not None:
        breaker.join()
    control.close()
    return {
        "robots": robots, "messages": messages, "bytes": size, "messages_per_s": arrived / (last - first),
        "lost": messages - len(seen), "twice": arrived - len(seen), "control_cpu_us": 1e6 * spent / max(1, arrived),
        "robots_cpu_us": 1e6 * cpu.value / messages,
    }  # fmt: skip


def _restart(broker: Mosquitto) -> None:
    broker.stop()
    time.sleep(1.0)
    broker.start()


if __name__ == "__main__":
    main()
