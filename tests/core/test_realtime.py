import os
import threading

import numpy as np

from crewless.core.messages import Point
from crewless.core.photons import FrameRing
from crewless.core.realtime import go_first


def test_what_go_first_says_is_what_the_kernel_says():
    seen = {}

    def thread():
        seen["said"] = go_first(3)
        seen["policy"] = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        seen["priority"] = os.sched_getparam(0).sched_priority

    one = threading.Thread(target=thread)
    one.start()
    one.join()
    assert (seen["said"] == "fifo") == (seen["policy"] == os.SCHED_FIFO)
    assert seen["priority"] == (3 if seen["said"] == "fifo" else 0)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER, "only the thread that asked goes first"


def test_a_touched_ring_has_its_pages_and_loses_nothing():
    ring = FrameRing.create(480, 640, slots=4)
    pixels = np.full((480, 640, 4), 7, np.uint8)
    ring.publish(pixels, t_s=0.0, pointer=Point(0, 0))
    ring.touch()
    frame = ring.latest()
    assert frame is not None
    assert (frame.pixels == 7).all()
    # The file holds its pages now: 512-byte blocks that the file system has given it.
    assert os.stat(ring.path).st_blocks * 512 >= 4 * 480 * 640 * 4
    ring.close()
