"""Just enough of H.264 (ITU-T H.264, 08/2021) to write pictures that say "as before".

In lossless mode x264 cannot skip a macroblock: an unchanged 1280x800 picture costs it 5 ms and 7 KB, 880 MB an hour at
36 Hz. The standard can: a P slice in which every macroblock is skipped takes ten bytes (CAVLC) to thirty (CABAC) and repeats
the picture before it exactly. :class:`Splicer` makes such pictures and lets them stand between those of the encoder.

Every picture, made by the encoder or by us, is a reference picture, so each must carry a ``frame_num`` one higher than
the one before (7.4.3). The encoder knows only its own pictures; its ``frame_num`` is therefore rewritten. The same
rewriting, backwards, lets a reader take out our pictures and decode only those that differ.
"""

import re
from functools import cache

from crewless.core.errors import BadInput

_START = re.compile(b"\x00\x00\x00?\x01")
_SLICE, _IDR, _SPS, _PPS = 1, 5, 7, 8
_SKIP_M, _SKIP_N = 23, 33
"""Table 9-13: where the context of mb_skip_flag (11) starts in a P slice with cabac_init_idc 0."""
_SKIP_QP = 51
"""At this quantiser the context begins with "skipped" as the likely value. Nothing is quantised in a skipped macroblock."""
_SKIP_STATE = 42
_RANGE_LPS = (
    (16, 20, 23, 27), (15, 19, 22, 25), (14, 18, 21, 24), (14, 17, 20, 23), (13, 16, 19, 22), (12, 15, 18, 21),
    (12, 14, 17, 20), (11, 14, 16, 19), (11, 13, 15, 18), (10, 12, 15, 17), (10, 12, 14, 16), (9, 11, 13, 15),
    (9, 11, 12, 14), (8, 10, 12, 14), (8, 9, 11, 13), (7, 9, 11, 12), (7, 9, 10, 12), (7, 8, 10, 11), (6, 8, 9, 11),
    (6, 7, 9, 10), (6, 7, 8, 9),
)  # fmt: skip
"""Table 9-44, rows 42 (``_SKIP_STATE``) to 62: the others are not reached while the likely value comes every time."""


class _Bits:
    """Reads a raw byte sequence bit by bit."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = len(data) * 8

    def u(self, count: int) -> int:
        """An unsigned number of ``count`` bits."""
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        """Exp-Golomb, 9.1."""
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """Signed Exp-Golomb, 9.1.1."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def _ue(value: int) -> str:
    code = bin(value + 1)[2:]
    return "0" * (len(code) - 1) + code


def _se(value: int) -> str:
    return _ue(2 * value - 1 if value > 0 else -2 * value)


@cache
def _all_skipped(macroblocks: int) -> str:
    """The bits of a CABAC slice in which every macroblock is skipped, its stop bit included (9.3.4)."""
    bits: list[str] = []
    # Only likely values are coded before the end, so the interval's low end stays at 0 and every bit that leaves it is a 0.
    span, state = 510, 0
    for left in range(macroblocks - 1, -1, -1):
        span -= _RANGE_LPS[state][span >> 6 & 3]
        state = min(state + 1, len(_RANGE_LPS) - 1)
        while span < 256:
            span <<= 1
            bits.append("0")
        span -= 2  # end_of_slice_flag
        while left and span < 256:
            span <<= 1
            bits.append("0")
    # The last end_of_slice_flag is 1: the low end moves up by the span, the whole ten-bit register is written, and its last
    # bit is the stop bit.
    bits += format(span | 1, "010b")
    return "".join(bits[1:])  # The first bit that leaves the register is never written.


def unescape(data: bytes) -> bytes:
    """Remove the emulation-prevention bytes (7.3.1)."""
    return re.sub(b"\x00\x00\x03", b"\x00\x00", data)


def escape(data: bytes) -> bytes:
    """Insert emulation-prevention bytes: no 00 00 00 to 00 00 03 may stand inside a NAL unit."""
    out = bytearray()
    zeros = 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def units(annex_b: bytes) -> list[bytes]:
    """The NAL units of a short byte stream with start codes."""
    return [unit for unit in _START.split(annex_b) if unit]


class Splicer:
    """Pictures that repeat the one before, in the terms of one encoder's stream.

    Args:
        parameters: the encoder's sequence and picture parameter sets, with start codes or as an MP4 ``avcC`` box.

    Raises:
        BadInput: the stream uses a feature that skip pictures cannot be spliced into (B frames, fields, ...).
    """

    def __init__(self, parameters: bytes) -> None:
        sets = _avcc_units(parameters) if parameters[:1] == b"\x01" else units(parameters)
        sps = next((unit for unit in sets if unit[0] & 31 == _SPS), None)
        pps = next((unit for unit in sets if unit[0] & 31 == _PPS), None)
        if sps is None or pps is None:
            raise BadInput("the video stream has no H.264 parameter sets")
        self._read_sps(_Bits(unescape(sps[1:])))
        self._read_pps(_Bits(unescape(pps[1:])))

    def _read_sps(self, bits: _Bits) -> None:
        profile = bits.u(8)
        bits.u(16)
        bits.ue()
        if profile in (100, 110, 122, 244):
            chroma = bits.ue()
            separate = bits.u(1) if chroma == 3 else 0
            bits.ue()
            bits.ue()
            bits.u(1)
            if separate or bits.u(1):
                raise BadInput("H.264 with separate colour planes or scaling matrices cannot be spliced")
        self._frame_num_bits = bits.ue() + 4
        if bits.ue() != 2:
            raise BadInput("H.264 with B frames cannot be spliced", alternatives=["bframes=0"])
        bits.ue()
        bits.u(1)
        self._macroblocks = (bits.ue() + 1) * (bits.ue() + 1)
        if not bits.u(1):
            raise BadInput("interlaced H.264 cannot be spliced")

    def _read_pps(self, bits: _Bits) -> None:
        bits.ue()
        bits.ue()
        self._cabac = bool(bits.u(1))
        bits.u(1)
        if bits.ue():
            raise BadInput("H.264 with slice groups cannot be spliced")
        bits.ue()
        bits.ue()
        if bits.u(1):
            raise BadInput("H.264 with weighted prediction cannot be spliced", alternatives=["weightp=0"])
        bits.u(2)
        self._skip_qp_delta = _SKIP_QP - 26 - bits.se()
        for _ in range(2):
            bits.ue()
        self._deblocking_control = bits.u(1)

    def repeat(self, frame_num: int) -> bytes:
        """A NAL unit (no start code) that repeats the picture before it; ``frame_num`` counts from the last IDR picture."""
        header = _ue(0) + _ue(5) + _ue(0)  # first_mb_in_slice, slice_type: all P, pic_parameter_set_id
        header += self._frame_num(frame_num)
        header += "1" + _ue(0)  # one reference picture
        header += "0" + "0"  # no reordering, sliding-window marking
        if self._cabac:
            header += _ue(0) + _se(self._skip_qp_delta)  # cabac_init_idc, slice_qp_delta
        else:
            header += _ue(0)  # slice_qp_delta
        if self._deblocking_control:
            header += _ue(1)  # no deblocking
        if self._cabac:
            header += "1" * (-len(header) % 8) + _all_skipped(self._macroblocks)
        else:
            header += _ue(self._macroblocks) + "1"  # mb_skip_run, stop bit
        header += "0" * (-len(header) % 8)
        return bytes([0x61]) + escape(int(header, 2).to_bytes(len(header) // 8))

    def renumber(self, unit: bytes, frame_num: int) -> bytes:
        """A P slice with another ``frame_num``; an IDR slice as it is, its number is 0 by definition."""
        kind = unit[0] & 31
        if kind == _IDR:
            return unit
        if kind != _SLICE:
            raise BadInput(f"not a picture: NAL unit type {kind}")
        # What follows a byte that is neither zero nor inserted does not depend on how the bytes before it are escaped.
        cut = 12
        while cut < len(unit) and (unit[cut - 1] == 0 or unit[cut - 3 : cut] == b"\x00\x00\x03"):
            cut += 1
        head = unescape(unit[1:cut])
        bits = bin(int.from_bytes(b"\x01" + head))[3:]
        reader = _Bits(head)
        at = 0
        for _ in range(3):
            at += len(_ue(reader.ue()))
        bits = bits[:at] + self._frame_num(frame_num) + bits[at + self._frame_num_bits :]
        return unit[:1] + escape(int(bits, 2).to_bytes(len(head))) + unit[cut:]

    def _frame_num(self, number: int) -> str:
        return format(number % (1 << self._frame_num_bits), f"0{self._frame_num_bits}b")


def _avcc_units(box: bytes) -> list[bytes]:
    """The parameter sets in an ``avcC`` box (ISO/IEC 14496-15, 5.3.3.1)."""
    found, at = [], 5
    for mask in (31, 255):
        count = box[at] & mask
        at += 1
        for _ in range(count):
            size = int.from_bytes(box[at : at + 2])
            found.append(box[at + 2 : at + 2 + size])
            at += 2 + size
    return found
