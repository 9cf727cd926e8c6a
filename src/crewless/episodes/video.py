"""Lossless screen video at a constant rate, in which an unchanged picture costs thirty bytes and no encoding.

The file is ordinary H.264 (High 4:4:4 Predictive, RGB) in MP4 with constant timestamps, so any reader of LeRobot
datasets plays it; :class:`VideoReader` is faster because it decodes only the pictures that differ.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from crewless.core.errors import BadInput, CorruptRecording
from crewless.episodes.h264 import Splicer

KEY_ROWS = 360
"""The first changed picture this many rows after a key picture becomes one: random access decodes 10 s at most."""
IDLE_KEY_ROWS = 2160
"""An unchanged screen gets a key picture every 60 s."""

_X264 = (
    "threads=1:sliced-threads=0:rc-lookahead=0:sync-lookahead=0:scenecut=0:bframes=0:mbtree=0:weightp=0:cabac=1"
    ":partitions=i4x4:me=umh:merange=128"
)
"""No delay, nothing that skip pictures cannot stand between, and a motion search that is wide enough to find a scrolled
page again: with the preset's own (16 pixels) a scrolled page costs nine times the bytes at the same time. CABAC takes 29 %
off a page of text and no time."""


class VideoWriter:
    """Writes one picture a row.

    Change :attr:`image` in place, then :meth:`encode`; or :meth:`repeat` where nothing changed.

    Args:
        path: the ``.mp4`` file.
        height: pixels.
        width: pixels.
        rate_hz: whole pictures a second.

    Raises:
        OSError: from every method, when the file cannot be written.
    """

    def __init__(self, path: Path, height: int, width: int, rate_hz: int) -> None:
        import av
        from av.video.frame import PictureType

        self._container = av.open(str(path), "w", format="mp4")
        stream = self._container.add_stream("libx264rgb", rate=rate_hz)
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        stream.time_base = self._time_base = Fraction(1, rate_hz)
        context = stream.codec_context
        context.time_base = self._time_base
        context.thread_count = 1
        context.gop_size = 1 << 30
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "qp": "0",
            "forced-idr": "1",
            "x264-params": _X264,
        }
        context.open()
        self._stream = stream
        self._splicer = Splicer(bytes(context.extradata or b""))
        self._picture = av.VideoFrame(width, height, "bgr0")
        plane = self._picture.planes[0]
        self.image: np.ndarray = np.ndarray(
            (height, width, 4), np.uint8, memoryview(plane), strides=(plane.line_size, 4, 1)
        )
        """Shape (height, width, 4), uint8, BGRX: the picture that :meth:`encode` writes. The fourth byte is ignored."""
        self.image[:] = 0
        self._make_packet = av.Packet
        self._intra, self._inter = PictureType.I, PictureType.P
        self._since_key = 0
        self.rows = 0
        """Pictures written so far."""
        self.distinct: list[int] = []
        """Rows whose picture was encoded; the others repeat the one before."""

    def encode(self) -> None:
        """The next row shows :attr:`image` as it is now."""
        self._encode(key=self.rows == 0 or self._since_key >= KEY_ROWS)

    def repeat(self) -> None:
        """The next row shows what the last one showed. Raises BadInput for the first row."""
        if self.rows == 0:
            raise BadInput("the first row of a video has nothing to repeat")
        if self._since_key >= IDLE_KEY_ROWS:
            self._encode(key=True)
            return
        self._mux(b"\x00\x00\x00\x01" + self._splicer.repeat(self._since_key), key=False)

    def close(self) -> None:
        """Complete the file."""
        self._container.close()

    def _encode(self, *, key: bool) -> None:
        self._picture.pts = self.rows
        self._picture.pict_type = self._intra if key else self._inter
        packets = self._stream.encode(self._picture)
        if len(packets) != 1:
            raise RuntimeError(f"the encoder gave {len(packets)} packets for one picture")
        data = bytes(packets[0])
        self.distinct.append(self.rows)
        if key:
            self._since_key = 0
        else:
            start = 4 if data[:4] == b"\x00\x00\x00\x01" else 3
            data = data[:start] + self._splicer.renumber(data[start:], self._since_key)
        self._mux(data, key=key)

    def _mux(self, data: bytes, *, key: bool) -> None:
        packet = self._make_packet(data)
        packet.stream = self._stream
        packet.time_base = self._time_base
        packet.pts = packet.dts = self.rows
        packet.duration = 1
        packet.is_keyframe = key
        self._container.mux(packet)
        self.rows += 1
        self._since_key += 1


class VideoReader:
    """Random access to the pictures of a video that :class:`VideoWriter` wrote.

    Args:
        path: the ``.mp4`` file.
        distinct: the rows whose picture was encoded, ascending, beginning with 0.

    Raises:
        CorruptRecording: the file cannot be read, or holds something else than ``rows`` pictures.
    """

    def __init__(self, path: Path, distinct: Sequence[int], rows: int) -> None:
        import av
        from av.error import FFmpegError

        self._path = path
        self._distinct = np.asarray(distinct, np.int64)
        try:
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                self._extradata = bytes(stream.codec_context.extradata or b"")
                self._splicer = Splicer(self._extradata)
                self._packets: list[bytes] = []
                self._keys: list[bool] = []
                wanted = set(distinct)
                row = 0
                for packet in container.demux(stream):
                    if packet.size == 0:
                        continue
                    if row in wanted:
                        self._packets.append(bytes(packet))
                        self._keys.append(packet.is_keyframe)
                    row += 1
        except (FFmpegError, OSError, IndexError, BadInput) as error:
            raise CorruptRecording(f"{path} is damaged: {error}") from error
        if row != rows or not self._keys or not self._keys[0]:
            raise CorruptRecording(f"{path} is damaged: {row} pictures where {rows} were written")
        self._decoder = None
        self._at = -1
        self._last: np.ndarray | None = None

    def __len__(self) -> int:
        """Distinct pictures."""
        return len(self._packets)

    def at_row(self, row: int) -> int:
        """The number of the distinct picture that a row shows."""
        return max(0, int(np.searchsorted(self._distinct, row, side="right")) - 1)

    def picture(self, number: int) -> np.ndarray:
        """A distinct picture. Shape (height, width, 3), uint8, RGB, contiguous, read-only. Ascending order is the fast one."""
        if not 0 <= number < len(self._packets):
            raise BadInput(f"{self._path} has no picture {number}", alternatives=[f"0 to {len(self._packets) - 1}"])
        if number == self._at and self._last is not None:
            return self._last
        key = max(k for k in range(number + 1) if self._keys[k])
        begin = self._at + 1 if self._decoder is not None and key <= self._at < number else key
        picture = self._last
        for k in range(begin, number + 1):
            picture = self._decode(k, last=k == number)
        assert picture is not None
        self._at, self._last = number, picture
        return picture

    def pictures(self) -> Iterator[np.ndarray]:
        """All distinct pictures in order."""
        for number in range(len(self)):
            yield self.picture(number)

    def _decode(self, number: int, *, last: bool) -> np.ndarray | None:
        import av
        from av.error import FFmpegError

        if self._keys[number]:
            self._decoder = av.CodecContext.create("h264", "r")
            self._decoder.extradata = self._extradata
            self._decoder.thread_count = 1
            self._decoder.flags |= 1 << 19  # AV_CODEC_FLAG_LOW_DELAY: one packet in, one picture out
            self._since_key = 0
        assert self._decoder is not None
        packet = av.Packet(self._renumbered(self._packets[number], self._since_key))
        packet.pts = packet.dts = number
        self._since_key += 1
        try:
            frames = self._decoder.decode(packet)
        except FFmpegError as error:
            raise CorruptRecording(f"{self._path} is damaged at picture {number}: {error}") from error
        if len(frames) != 1:
            raise CorruptRecording(f"{self._path} is damaged at picture {number}: it cannot be decoded")
        return _rgb(frames[0]) if last else None

    def _renumbered(self, packet: bytes, frame_num: int) -> bytes:
        """A length-prefixed access unit with the number that it has once the repeated pictures are taken out."""
        if frame_num == 0:
            return packet
        unit = self._splicer.renumber(packet[4:], frame_num)
        return len(unit).to_bytes(4) + unit


def _rgb(frame) -> np.ndarray:
    """Shape (height, width, 3), uint8: the planes are stored green, blue, red."""
    planes = [np.frombuffer(p, np.uint8).reshape(frame.height, p.line_size)[:, : frame.width] for p in frame.planes]
    pixels = np.stack((planes[2], planes[0], planes[1]), axis=-1)
    pixels.flags.writeable = False  # several frames share it
    return pixels
