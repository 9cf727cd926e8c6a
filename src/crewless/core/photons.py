"""The photon path: one writer, many readers, one copy in, no copy out.

A ring lives in a file under ``/dev/shm`` (or the temporary folder, where there is none) that every process maps. It has
two parts: *records*, one for each frame that was taken, and *slots*, which hold pixels. A frame that equals the one
before takes a record but no slot, so an idle screen costs almost nothing. Readers get views, not copies; a slot is
overwritten ``slots`` changed frames later, and :meth:`FrameRing.intact` tells a reader whether that has happened.
"""

import contextlib
import mmap
import os
import tempfile
from pathlib import Path

import numpy as np

from crewless.core.errors import BadInput, BodyFailure
from crewless.core.messages import Frame, Point

TILE = 16
"""Side of a change tile in pixels."""
_MAGIC = 0x4352574C
_HEAD = np.dtype([("magic", "u4"), ("height", "u4"), ("width", "u4"), ("slots", "u4"), ("records", "u4"), ("closed", "u4"), ("count", "u8"), ("filled", "u8")])  # fmt: skip
_HEAD_BYTES = 64
_MADV_POPULATE_WRITE = 23
"""From linux/mman.h; Python has no name for it."""


def tile_shape(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of change tiles that cover a frame."""
    return -(-height // TILE), -(-width // TILE)


def _record_dtype(tiles: int) -> np.dtype:
    return np.dtype(
        [("index", "i8"), ("fill", "i8"), ("t_s", "f8"), ("x", "i4"), ("y", "i4"), ("mask", "u1", (-(-tiles // 8),))]
    )


class FrameRing:
    """A ring of frames shared between processes. Create it once with :meth:`create`, map it elsewhere with :meth:`open`."""

    def __init__(self, path: Path, *, owner: bool) -> None:
        self.path = path
        self._owner = owner
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError as error:
            raise BodyFailure(f"no frame ring at {path}") from error
        try:
            if os.fstat(descriptor).st_size < _HEAD_BYTES:
                raise BadInput(f"{path} is not a frame ring")
            self._map = mmap.mmap(descriptor, 0)
        finally:
            os.close(descriptor)
        self._head = np.frombuffer(self._map, dtype=_HEAD, count=1)
        if int(self._head["magic"][0]) != _MAGIC:
            raise BadInput(f"{path} is not a frame ring")
        self.height, self.width = int(self._head["height"][0]), int(self._head["width"][0])
        self._tiles = tile_shape(self.height, self.width)
        record = _record_dtype(self._tiles[0] * self._tiles[1])
        num_records, num_slots = int(self._head["records"][0]), int(self._head["slots"][0])
        self._records = np.frombuffer(self._map, dtype=record, count=num_records, offset=_HEAD_BYTES)
        offset = _slots_offset(record, num_records)
        count = num_slots * self.height * self.width * 4
        flat = np.frombuffer(self._map, dtype=np.uint8, count=count, offset=offset)
        self._slots = flat.reshape(num_slots, self.height, self.width, 4)

    @classmethod
    def create(cls, height: int, width: int, *, slots: int = 8, records: int = 256) -> "FrameRing":
        """Make a new ring; the creator's :meth:`close` deletes it.

        Args:
            height: pixels.
            width: pixels.
            slots: how many different pictures are held. Pixels are kept as four bytes each, BGRX, as X delivers them.
            records: how many frames can be looked up by index.
        """
        folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()
        descriptor, name = tempfile.mkstemp(prefix="crewless-ring-", dir=folder)
        rows, columns = tile_shape(height, width)
        record = _record_dtype(rows * columns)
        os.ftruncate(descriptor, _slots_offset(record, records) + slots * height * width * 4)
        head = np.zeros(1, dtype=_HEAD)
        head["magic"], head["height"], head["width"], head["slots"], head["records"] = (
            _MAGIC,
            height,
            width,
            slots,
            records,
        )
        os.pwrite(descriptor, head.tobytes(), 0)
        os.close(descriptor)
        ring = cls(Path(name), owner=True)
        ring._records["index"] = -1
        return ring

    @classmethod
    def open(cls, path: Path) -> "FrameRing":
        """Map a ring that another process made. Raises BodyFailure where there is none."""
        return cls(path, owner=False)

    def touch(self) -> None:
        """Bring every page of the ring in now, for writing, so that no frame has to wait for one.

        A ring of four frame sets of eight cameras has 41,000 pages: the first frames of a process that has not touched
        them take longer than a frame period. Where the kernel cannot do it at once (Linux before 5.14) nothing is done.
        """
        with contextlib.suppress(OSError):
            self._map.madvise(_MADV_POPULATE_WRITE)

    @property
    def count(self) -> int:
        """Frames published so far; the newest has index ``count - 1``."""
        return int(self._head["count"][0])

    @property
    def closed(self) -> bool:
        """Whether the writer has said that no more frames will come."""
        return bool(self._head["closed"][0])

    def publish(
        self, pixels: np.ndarray | None, *, t_s: float, pointer: Point, changed: np.ndarray | None = None
    ) -> int:
        """Write the next frame (one writer only).

        Args:
            pixels: shape (height, width, 4), uint8, BGRX; None when nothing differs from the frame before.
            t_s: when it was taken.
            pointer: where the pointer was.
            changed: shape ``tile_shape(height, width)``, bool; None means everything when there are pixels.

        Returns:
            The frame's index.
        """
        index, fill = self.count, int(self._head["filled"][0])
        record = self._records[index % len(self._records)]
        record["index"] = -1
        if pixels is not None:
            self._slots[fill % len(self._slots)] = pixels
            self._head["filled"][0] = fill + 1
        else:
            fill -= 1
        if changed is None:
            changed = np.full(self._tiles, pixels is not None)
        record["fill"], record["t_s"], record["x"], record["y"] = fill, t_s, pointer.x, pointer.y
        record["mask"] = np.packbits(changed.ravel())
        record["index"] = index
        self._head["count"][0] = index + 1
        return index

    def skip(self, frames: int) -> None:
        """Count frames that should have been taken and were not, so that a gap in the indices shows the loss."""
        self._head["count"][0] = self.count + frames

    def get(self, index: int) -> Frame | None:
        """The frame with this index, or None when it was lost, overwritten, or is yet to come."""
        record = self._records[index % len(self._records)]
        if index < 0 or int(record["index"]) != index:
            return None
        fill = int(record["fill"])
        if fill < 0 or int(self._head["filled"][0]) - fill > len(self._slots) - 1:
            return None
        rows, columns = self._tiles
        mask = np.unpackbits(record["mask"], count=rows * columns).reshape(rows, columns).astype(bool)
        frame = Frame(
            pixels=self._slots[fill % len(self._slots)][:, :, 2::-1],
            t_s=float(record["t_s"]),
            index=index,
            changed=mask,
            pointer=Point(int(record["x"]), int(record["y"])),
        )
        return frame if int(record["index"]) == index else None

    def packed(self, frame: Frame) -> np.ndarray | None:
        """A frame's pixels as they lie in memory, for whoever reads every byte: shape (height, width, 4), uint8, BGRX.

        Several cameras share a frame by lying one below the other: ``packed(frame).reshape(cameras, -1, width, 4)`` is a
        view of each. None when it has been overwritten; ask :meth:`intact` again after reading.
        """
        record = self._records[frame.index % len(self._records)]
        fill = int(record["fill"])
        return self._slots[fill % len(self._slots)] if self.intact(frame) else None

    def latest(self) -> Frame | None:
        """The newest frame, or None before the first."""
        for index in range(self.count - 1, max(-1, self.count - len(self._records)), -1):
            frame = self.get(index)
            if frame is not None:
                return frame
        return None

    def intact(self, frame: Frame) -> bool:
        """Whether the pixels that ``frame`` views have not been overwritten since."""
        return self.get(frame.index) is not None

    def room(self, index: int) -> int:
        """How many more changed pictures can come before this frame's pixels are overwritten; -1: it is gone already."""
        record = self._records[index % len(self._records)]
        if index < 0 or int(record["index"]) != index:
            return -1
        return len(self._slots) - 1 - (int(self._head["filled"][0]) - int(record["fill"]))

    def finish(self) -> None:
        """Say that no more frames will come (writer)."""
        self._head["closed"][0] = 1

    def close(self) -> None:
        """Unmap; the creator also deletes the file. Views handed out keep the memory alive until they are dropped."""
        self._head = self._head.copy()
        self._records = self._records[:0].copy()
        self._slots = self._slots[:0].copy()
        if self._owner:
            self.path.unlink(missing_ok=True)


def _slots_offset(record: np.dtype, records: int) -> int:
    used = _HEAD_BYTES + record.itemsize * records
    return -(-used // mmap.PAGESIZE) * mmap.PAGESIZE
