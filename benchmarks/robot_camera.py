"""Does one core hold 36 frames a second of 640 x 480, physics and the ring included?

python -m benchmarks.robot_camera [--seconds 20] [--busy 4]

The thread asks to go first (core/realtime) and Mesa draws in it, not in threads of its own. ``--busy`` starts as many processes
that do nothing but compute, so that the figure does not depend on what else happens to run.
"""

import argparse
import atexit
import os
import subprocess
import sys
import time

import numpy as np

from benchmarks.report import report
from crewless.body.robot.robot_body import RobotBody, RobotBodyConfig
from crewless.body.robot.simple import simple_hand
from crewless.core.messages import Action
from crewless.core.realtime import go_first, stay_in_memory
from crewless.core.services import SERVICES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--busy", type=int, default=0, help="processes that compute beside it")
    options = parser.parse_args()
    rate_hz = SERVICES["control"].rate_hz
    assert rate_hz
    standing, in_memory = go_first(), stay_in_memory()
    if options.busy:
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(options.busy)]
        atexit.register(lambda: [one.kill() for one in busy])
    load_before = os.getloadavg()[0]
    rows = []
    for width, height in ((640, 480), (1280, 960)):
        body = RobotBody(simple_hand().compile(), config=RobotBodyConfig(width=width, height=height, paced=True))
        low, high = body.model.actuator_ctrlrange.T
        body.act(Action(verb="wait", seconds=1.0))
        body.reset()
        first, lost = body.ring.count, body.lost
        cpu_s = time.process_time()
        for step in range(round(options.seconds * rate_hz)):
            share = 0.4 + 0.3 * np.sin(step / 6)
            body.act(Action(verb="move", joints=tuple(low + share * (high - low))))
        cpu_s = time.process_time() - cpu_s
        lost = body.lost - lost
        frames = body.ring.count - first - lost
        assert body.pace is not None
        rows.append(
            {
                "width": width,
                "height": height,
                "frames": frames,
                "lost": lost,
                "lateness_p95_ms": body.pace.lateness_ms(95),
                "lateness_max_ms": body.pace.lateness_ms(100),
                "cpu_ms_per_frame": cpu_s * 1e3 / frames,
                "share_of_a_core_at_36_hz": cpu_s / frames * (SERVICES["frame"].rate_hz or 0),
            }
        )
        body.close()
    columns = (
        "width",
        "height",
        "frames",
        "lost",
        "lateness_p95_ms",
        "lateness_max_ms",
        "cpu_ms_per_frame",
        "share_of_a_core_at_36_hz",
    )
    notes = [
        "to reach: 640 x 480 held on one core. With 14 physics steps a frame, the copy into the ring and the policy's 18 Hz",
        f"Mesa's software renderer, no shadows, one sample a pixel; load {load_before:.1f} before and {os.getloadavg()[0]:.1f} at the end, "
        f"{options.busy} of it started by the benchmark; no hardware was used",
        f"scheduled {standing}, pages {'kept in memory' if in_memory else 'not kept in memory: not permitted'}",
    ]
    report("robot_camera", rows, columns, notes, variant="busy" if options.busy else "")


if __name__ == "__main__":
    main()
