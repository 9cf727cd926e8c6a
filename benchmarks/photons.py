"""1.5 GB/s in, 2 KB/s out: eight cameras through the ring at 36 Hz, the pyramid, a policy, controls at 18 Hz.

python -m benchmarks.photons [--seconds 600]

One process is the cameras: it copies a frame set of 41.8 MB into the ring every period, as a capture card would. Another
is the worker: for each frame set it makes the quarter pictures, for every second one the controls, which go through a
pipe to a third, the motors. The pictures are noise and the policy is a network that has learnt nothing: only time is
measured, and it does not depend on either.
"""

import argparse
import multiprocessing
import os
import struct
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.report import report
from crewless.core.clock import Ratekeeper
from crewless.core.messages import Point
from crewless.core.photons import FrameRing
from crewless.core.realtime import go_first, stay_in_memory
from crewless.core.services import SERVICES
from crewless.perception.pyramid import quarter

SLOW = "ten minutes at 36 Hz"
CAMERAS, HEIGHT, WIDTH = 8, 960, 1360
JOINTS = 25
_RECORD = struct.Struct(f"<q{JOINTS}f")
"""What goes to the motors: the frame's index and a target angle for each joint."""


def cameras(path: Path, seconds: float, ready: Connection, told: Connection) -> None:
    """Once the worker is ready, publish frame sets at the frame rate; then tell how late and how costly that was."""
    rate_hz = SERVICES["frame"].rate_hz
    assert rate_hz
    ring = FrameRing.open(path)
    ring.touch()
    stay_in_memory()
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (CAMERAS * HEIGHT, WIDTH, 4), dtype=np.uint8) for _ in range(2)]
    standing = go_first(12)
    ready.recv()
    keeper = Ratekeeper(rate_hz)
    cpu_s, frames = time.process_time(), round(seconds * rate_hz)
    late, published = 0, 0
    while ring.count < frames:
        lost = keeper.keep()
        late += lost > 0
        ring.skip(lost)
        ring.publish(pictures[published % 2], t_s=time.monotonic(), pointer=Point(0, 0))
        published += 1
    ring.finish()
    cpu_s = time.process_time() - cpu_s
    told.send({"published": published, "late": late, "lost": keeper.lost, "cpu_s": cpu_s, "standing": standing})


def motors(controls: Connection, told: Connection) -> None:
    """Take controls as they come; then tell when each came, and how many bytes there were."""
    arrivals: list[tuple[int, float]] = []
    total = 0
    go_first(14)
    while record := controls.recv_bytes():
        arrivals.append((_RECORD.unpack(record)[0], time.monotonic()))
        total += len(record)
    told.send({"arrivals": arrivals, "bytes": total})


def work(ring: FrameRing, ready: Connection, controls: Connection) -> dict[str, Any]:
    """Look at every frame set, act on every second one, until the cameras say that there are no more."""
    rng = np.random.default_rng(1)
    shape = CAMERAS, HEIGHT // 4, WIDTH // 4, 4
    small = np.zeros(shape, np.uint8)
    quarter(np.zeros((CAMERAS, HEIGHT, WIDTH, 4), np.uint8), small)
    # Two threads of OpenBLAS that wait for each other cost more than this small product: 20 CPU ms a frame instead of 5.
    threadpool_limits(1)
    ring.touch()
    stay_in_memory()
    features = small[:, ::20, ::17, :3].size
    hidden = rng.normal(size=(features, 128)).astype(np.float32) / np.sqrt(features)
    out = rng.normal(size=(128, JOINTS)).astype(np.float32) / np.sqrt(128)
    next_index, acted, torn, late, missed, pyramid_s = 0, 0, 0, 0, 0, 0.0
    taken_s: dict[int, float] = {}
    period_s = SERVICES["frame"].period_s
    np.tanh(np.zeros((1, features), np.float32) @ hidden)
    go_first(10)
    ready.send(True)
    cpu_s = time.process_time()
    while True:
        # Asked in this order: a frame that comes between the two questions must not count as missed.
        ended, count = ring.closed, ring.count
        if next_index >= count:
            if ended:
                break
            time.sleep(0.0005)
            continue
        frame = ring.get(next_index)
        if frame is None:
            missed, next_index = missed + 1, next_index + 1
            continue
        late += time.monotonic() - frame.t_s > period_s
        pixels = ring.packed(frame)
        if pixels is None:
            missed, next_index = missed + 1, next_index + 1
            continue
        began_s = time.thread_time()
        quarter(pixels.reshape(CAMERAS, HEIGHT, WIDTH, 4), small)
        pyramid_s += time.thread_time() - began_s
        torn += not ring.intact(frame)
        if next_index % 2 == 0:
            seen = small[:, ::20, ::17, :3].reshape(-1).astype(np.float32) / 255
            targets = np.tanh(np.maximum(seen @ hidden, 0) @ out)
            controls.send_bytes(_RECORD.pack(next_index, *targets))
            taken_s[next_index] = frame.t_s
            acted += 1
        next_index += 1
    controls.send_bytes(b"")
    return {
        "frames": next_index - missed, "missed": missed, "torn": torn, "late": late, "taken_s": taken_s,
        "pyramid_s": pyramid_s, "cpu_s": time.process_time() - cpu_s,
    }  # fmt: skip


def measure(seconds: float) -> dict[str, Any]:
    """Run all three for a while."""
    context = multiprocessing.get_context("spawn")
    ring = FrameRing.create(CAMERAS * HEIGHT, WIDTH, slots=4)
    control_in, control_out = context.Pipe(duplex=False)
    motors_in, motors_out = context.Pipe(duplex=False)
    cameras_in, cameras_out = context.Pipe(duplex=False)
    ready_in, ready_out = context.Pipe(duplex=False)
    procs = [
        context.Process(target=motors, args=(control_in, motors_out), daemon=True),
        context.Process(target=cameras, args=(ring.path, seconds, ready_in, cameras_out), daemon=True),
    ]
    try:
        for proc in procs:
            proc.start()
        worked = work(ring, ready_out, control_out)
        moved, shot = motors_in.recv(), cameras_in.recv()
        for proc in procs:
            proc.join(10)
    finally:
        ring.close()
    delay_ms = [(arrived_s - worked["taken_s"][index]) * 1e3 for index, arrived_s in moved["arrivals"]]
    frames = worked["frames"]
    return {
        "seconds": seconds,
        "gb_per_s": CAMERAS * HEIGHT * WIDTH * 4 * shot["published"] / seconds / 1e9,
        "frame_sets": frames,
        "camera_late": shot["late"],
        "camera_lost": shot["lost"],
        "seen_late": worked["late"],
        "missed": worked["missed"],
        "torn": worked["torn"],
        "copy_in_cpu_ms": shot["cpu_s"] * 1e3 / shot["published"],
        "pyramid_cpu_ms": worked["pyramid_s"] * 1e3 / frames,
        "worker_cpu_ms": worked["cpu_s"] * 1e3 / frames,
        "controls_kb_per_s": moved["bytes"] / seconds / 1e3,
        "to_control_p50_ms": float(np.percentile(delay_ms, 50)),
        "to_control_p99_ms": float(np.percentile(delay_ms, 99)),
        "to_control_max_ms": max(delay_ms),
        "goes_first": shot["standing"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args()
    row = measure(options.seconds)
    notes = [
        "to reach: camera_late, camera_lost, seen_late, missed, torn 0; worker_cpu_ms 8; controls 2 KB/s; p99 55 ms",
        "late: by more than one frame period. to_control: from the cameras' timestamp, before the copy into the ring, to the motors",
        f"load at the end {os.getloadavg()[0]:.1f}; no hardware was used",
    ]
    report("photons", [{"measure": name, "value": value} for name, value in row.items()], ("measure", "value"), notes)


if __name__ == "__main__":
    main()
