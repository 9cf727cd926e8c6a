"""A control among robots that misbehave, each tried over a real mosquitto: orders where none may go, work lost or done twice, what a
person was told."""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.report import report
from crewless.fleet.run.trial import try_persona
from crewless.fleet.simulate.personas import PERSONAS
from crewless.fleet.vda5050.broker import Mosquitto
from crewless.fleet.vda5050.transport import MqttTransport, Transport, Will


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--personas", nargs="*", default=list(PERSONAS), choices=list(PERSONAS))
    parser.add_argument("--second", type=float, default=0.02, help="real seconds of a simulated one, at least")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    for name in options.personas:
        with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:

            def connect(who: str, will: Will | None, broker: Mosquitto = broker) -> Transport:
                return MqttTransport(who, address=broker.address, will=will)

            result = try_persona(name, connect, Path(folder), second_s=options.second)
        words = " | ".join(result.lines)
        rows.append({**asdict(result), "lines": words[:300], "right": result.right})
        print(f"{name:20} {'right' if result.right else 'WRONG'}  {words[:140]}", flush=True)
    right = sum(row["right"] for row in rows)
    report(
        "wire", rows,
        ["persona", "what", "operations", "done_once", "done_twice", "orders", "forbidden", "wrong", "lines", "right"],
        [f"{right} of {len(rows)} right: nothing lost, nothing twice by the site's record, no forbidden order, the line that is due",
         "one that misbehaves among three that do not, 16 operations; over mosquitto with a password, quality of service 1",
         "orders: messages that it was sent; forbidden: of these, while its last state allowed none (VDA 5050 3.0.0, section 6.6.6)",
         "wrong: orders, to any robot, that break sections 6.1.1 or 6.1.2; no hardware was used"],
    )  # fmt: skip


if __name__ == "__main__":
    main()
