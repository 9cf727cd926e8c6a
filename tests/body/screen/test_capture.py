import os
import signal
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewless.body.screen import Capture, Display
from crewless.body.screen.capture import changed_tiles
from crewless.body.screen.display import connect
from crewless.core.errors import BodyFailure
from crewless.core.messages import Point
from crewless.core.photons import TILE, tile_shape


def by_hand(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    height, width = now.shape[:2]
    rows, columns = tile_shape(height, width)
    mask = np.zeros((rows, columns), dtype=bool)
    for y, x in zip(*np.nonzero((now != before).any(axis=2)), strict=True):
        mask[y // TILE, x // TILE] = True
    return mask


def test_equal_pictures_have_no_mask() -> None:
    picture = np.full((50, 70, 4), 9, dtype=np.uint8)
    assert changed_tiles(picture, picture.copy()) is None


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_mask_marks_exactly_the_tiles_that_differ(height: int, width: int, dots: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
    now = before.copy()
    for _ in range(dots):
        now[rng.integers(height), rng.integers(width), rng.integers(4)] ^= 0x10
    mask = changed_tiles(now, before)
    if mask is None:
        assert not by_hand(now, before).any()
    else:
        np.testing.assert_array_equal(mask, by_hand(now, before))


@pytest.mark.screen
def test_the_ring_holds_what_is_on_the_display_and_where_the_pointer_is(display: Display) -> None:
    connection = connect(display.name)
    root = connection.screen().root
    with Capture(display.name, display.height, display.width) as capture:
        window = root.create_window(
            64, 32, 100, 50, 0, connection.screen().root_depth, background_pixel=0xFF8000, override_redirect=True
        )
        window.map()
        root.warp_pointer(12, 34)
        connection.sync()
        start = capture.ring.count
        deadline = time.monotonic() + 5
        while capture.ring.count < start + 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        frame = capture.ring.latest()
        assert frame is not None
        assert frame.pixels.shape == (480, 640, 3)
        assert frame.pixels[32 + 25, 64 + 50].tolist() == [0xFF, 0x80, 0x00]
        assert frame.pointer == Point(12, 34)
        masks = [
            found.changed for at in range(max(1, start - 3), capture.ring.count) if (found := capture.ring.get(at))
        ]
        seen = np.logical_or.reduce([mask for mask in masks if mask is not None])
        assert seen[2:5, 4:10].all()
        assert not seen[6:].any()
        window.destroy()
        connection.sync()
    connection.close()


@pytest.mark.screen
def test_every_period_is_taken_or_counted_as_lost(display: Display) -> None:
    with Capture(display.name, display.height, display.width) as capture:
        time.sleep(1.0)
        before = capture.ring.count
        stats = capture.stats()
        assert before <= stats.frames + stats.lost <= capture.ring.count
        assert stats.frames >= 10
        assert 0 <= stats.lateness_p50_ms <= stats.lateness_p95_ms <= stats.lateness_max_ms
        assert stats.cpu_s > 0
    assert capture.stats().frames >= stats.frames


@pytest.mark.screen
def test_a_killed_capture_is_noticed(display: Display) -> None:
    with Capture(display.name, display.height, display.width) as capture:
        assert capture._child is not None
        path = capture.ring.path
        os.kill(capture._child.pid, signal.SIGKILL)
        capture._child._process.wait()
        with pytest.raises(BodyFailure, match="capture"):
            capture.check()
    assert not path.exists()


@pytest.mark.screen
def test_a_capture_of_a_display_that_is_not_there_says_so() -> None:
    with pytest.raises(BodyFailure, match=":59999"):
        Capture(":59999", 480, 640).start()


@pytest.mark.screen
def test_a_ring_of_another_size_is_refused(display: Display) -> None:
    with pytest.raises(BodyFailure, match="640x480"):
        Capture(display.name, 100, 100).start()
