"""The frame ring: what goes in comes out, or is known to be lost."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewless.core.errors import BadInput, BodyFailure
from crewless.core.messages import Point
from crewless.core.photons import FrameRing, tile_shape

HEIGHT, WIDTH = 20, 33


@pytest.fixture
def ring():
    ring = FrameRing.create(HEIGHT, WIDTH, slots=4, records=8)
    yield ring
    ring.close()


def picture(number: int) -> np.ndarray:
    """Shape (HEIGHT, WIDTH, 4): every byte says which picture it belongs to."""
    return np.full((HEIGHT, WIDTH, 4), number % 256, np.uint8)


def publish(ring, number=None, **fields):
    pixels = None if number is None else picture(number)
    return ring.publish(pixels, **{"t_s": 0.0, "pointer": Point(0, 0), **fields})


def test_tiles_cover_the_frame():
    assert tile_shape(800, 1280) == (50, 80)
    assert tile_shape(17, 16) == (2, 1)


def test_a_frame_comes_back_as_it_was_published_in_rgb(ring):
    bgrx = np.arange(HEIGHT * WIDTH * 4, dtype=np.uint64).astype(np.uint8).reshape(HEIGHT, WIDTH, 4)
    changed = np.zeros(tile_shape(HEIGHT, WIDTH), bool)
    changed[1, 2] = True
    index = ring.publish(bgrx, t_s=12.5, pointer=Point(3, 4), changed=changed)
    frame = ring.get(index)
    assert (frame.index, frame.t_s, frame.pointer) == (0, 12.5, Point(3, 4))
    np.testing.assert_array_equal(frame.pixels, bgrx[:, :, [2, 1, 0]])
    np.testing.assert_array_equal(frame.changed, changed)


def test_several_cameras_share_a_frame_and_are_read_without_a_copy(ring):
    cameras = np.random.default_rng(0).integers(0, 256, (2, HEIGHT // 2, WIDTH, 4), dtype=np.uint8)
    frame = ring.get(ring.publish(cameras.reshape(HEIGHT, WIDTH, 4), t_s=0.0, pointer=Point(0, 0)))
    seen = ring.packed(frame).reshape(2, -1, WIDTH, 4)
    np.testing.assert_array_equal(seen, cameras)
    assert seen.flags.c_contiguous
    assert np.shares_memory(seen, frame.pixels)


def test_the_memory_of_a_frame_that_is_gone_is_not_given_out(ring):
    frame = ring.get(publish(ring, 0))
    for number in range(1, 5):
        publish(ring, number)
    assert ring.packed(frame) is None


def test_the_first_frame_changed_everywhere_and_an_equal_one_nowhere(ring):
    publish(ring, 1)
    publish(ring, None)
    assert ring.get(0).changed.all()
    assert not ring.get(1).changed.any()
    np.testing.assert_array_equal(ring.get(1).pixels, ring.get(0).pixels)


def test_an_empty_ring_has_no_frame_at_any_index(ring):
    assert ring.latest() is None
    assert [ring.get(index) for index in (-1, 0, 1, 100)] == [None] * 4


def test_a_picture_is_lost_when_its_slot_is_taken_again(ring):
    publish(ring, 0)
    kept = ring.get(0)
    for number in (1, 2):
        publish(ring, number)
        assert ring.intact(kept)
    publish(ring, 3)
    assert not ring.intact(kept), "the next picture goes into this slot, at any moment from now on"
    assert ring.get(0) is None
    assert ring.get(1) is not None


def test_an_idle_screen_takes_no_slot(ring):
    publish(ring, 7)
    for _ in range(100):
        publish(ring, None)
    assert (ring.latest().pixels == 7).all()
    assert ring.latest().index == 100
    assert ring.get(92) is None, "eight records back is forgotten"
    assert ring.get(93) is not None


def test_a_skip_leaves_a_gap_in_the_indices(ring):
    publish(ring, 0)
    ring.skip(3)
    assert publish(ring, 1) == 4
    assert ring.count == 5
    assert [ring.get(index) is not None for index in range(5)] == [True, False, False, False, True]
    ring.skip(2)
    assert ring.latest().index == 4


def test_a_finished_ring_says_so_to_its_readers(ring):
    reader = FrameRing.open(ring.path)
    assert not reader.closed
    ring.finish()
    assert reader.closed
    reader.close()


def test_the_creator_deletes_the_file_and_a_reader_does_not():
    ring = FrameRing.create(HEIGHT, WIDTH)
    FrameRing.open(ring.path).close()
    assert ring.path.exists()
    ring.close()
    ring.close()
    assert not ring.path.exists()


def test_a_view_outlives_the_ring(ring):
    publish(ring, 9)
    frame = ring.latest()
    ring.close()
    assert (frame.pixels == 9).all()


def test_what_is_no_ring_is_refused_by_name(tmp_path):
    with pytest.raises(BodyFailure, match="no frame ring at"):
        FrameRing.open(tmp_path / "nothing")
    for content in (b"", b"short", bytes(4096)):
        path = tmp_path / "something"
        path.write_bytes(content)
        with pytest.raises(BadInput, match="something is not a frame ring"):
            FrameRing.open(path)


steps = st.lists(st.one_of(st.just("change"), st.just("same"), st.integers(1, 12)), max_size=60)


@settings(max_examples=60, deadline=None)
@given(steps=steps, slots=st.integers(2, 6), records=st.integers(2, 12))
def test_a_reader_gets_the_true_frame_or_none(steps, slots, records):
    """Against a model that forgets nothing: index to the number of its picture, and whether it must still be there."""
    ring = FrameRing.create(HEIGHT, WIDTH, slots=slots, records=records)
    reader = FrameRing.open(ring.path)
    model: dict[int, int] = {}
    pictures = count = 0
    for step in steps:
        if isinstance(step, int):
            ring.skip(step)
            count += step
            continue
        if step == "change" or not pictures:
            pictures += 1
            publish(ring, pictures)
        else:
            publish(ring, None)
        model[count] = pictures
        count += 1
    assert reader.count == count
    for index in range(-1, count + 2):
        frame = reader.get(index)
        newer = sum(1 for other in model if other > index and other % records == index % records)
        expected = index in model and not newer and pictures - model[index] < slots - 1
        assert (frame is not None) == expected
        if frame is not None:
            assert (frame.pixels == model[index] % 256).all()
    reader.close()
    ring.close()


WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from crewless.core.messages import Point
from crewless.core.photons import FrameRing
ring = FrameRing.open(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    pixels = np.full((ring.height, ring.width, 4), number % 256, np.uint8)
    ring.publish(pixels, t_s=time.monotonic(), pointer=Point(number % ring.width, 0))
    if number % 50 == 0:
        time.sleep(0.001)
ring.finish()
ring.close()
"""


def test_another_process_never_shows_a_torn_frame():
    """Written as fast as it goes: what a reader copied is one picture, whole, whenever the ring says it was intact."""
    number = 3000
    ring = FrameRing.create(HEIGHT, WIDTH, slots=4, records=16)
    seen: list[int] = []
    with subprocess.Popen([sys.executable, "-c", WRITER, ring.path, str(number)]) as writer:
        while writer.poll() is None or not ring.closed or not seen or seen[-1] != number - 1:
            assert writer.poll() in (None, 0)
            frame = ring.latest()
            if frame is None:
                continue
            copy = frame.pixels.copy()
            if ring.intact(frame):
                assert (copy == copy[0, 0, 0]).all()
                assert copy[0, 0, 0] == frame.index % 256
                assert frame.pointer == Point(frame.index % WIDTH, 0)
                seen.append(frame.index)
    assert seen == sorted(seen)
    assert len(set(seen)) > 10
    ring.close()


class Watched:
    """A ring's slots: looks at the ring while a picture is being written."""

    def __init__(self, slots: np.ndarray, look) -> None:
        self.slots, self.look = slots, look

    def __len__(self) -> int:
        return len(self.slots)

    def __getitem__(self, at):
        return self.slots[at]

    def __setitem__(self, at, pixels) -> None:
        self.look()
        self.slots[at] = pixels


def test_a_record_that_is_being_rewritten_is_nobodys(ring, monkeypatch):
    """A quiet screen's records all show one picture, which is still there when the oldest record is taken again."""
    publish(ring, 1)
    for _ in range(7):
        publish(ring, None)
    assert ring.get(0) is not None
    seen = []
    monkeypatch.setattr(ring, "_slots", Watched(ring._slots, lambda: seen.append((ring.get(0), ring.get(8)))))
    publish(ring, 2)
    assert seen == [(None, None)]


def test_a_record_that_is_rewritten_while_it_is_read_is_not_given_out(ring, monkeypatch):
    publish(ring, 1)
    for _ in range(7):
        publish(ring, None)
    unpack = np.unpackbits

    def overtaken(*args, **kept):
        monkeypatch.setattr(np, "unpackbits", unpack)
        publish(ring, 2)
        return unpack(*args, **kept)

    monkeypatch.setattr(np, "unpackbits", overtaken)
    assert ring.get(0) is None
    assert ring.get(1) is not None


def test_the_room_left_is_how_many_pictures_may_still_come(ring):
    """Four slots: one is being written, so a picture outlives two more."""
    publish(ring, 1)
    rooms, there = [], []
    for number in range(2, 7):
        rooms.append(ring.room(0))
        there.append(ring.get(0) is not None)
        publish(ring, number)
    assert rooms == [2, 1, 0, -1, -2]
    assert there == [True, True, True, False, False]
    assert ring.room(7) == -1
    publish(ring, None)
    assert ring.room(6) == ring.room(5) == 2, "an equal frame takes no slot"
