from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewless.core.errors import BadInput, CorruptRecording
from crewless.episodes import video
from crewless.episodes.h264 import Splicer, escape, unescape, units
from crewless.episodes.video import VideoReader, VideoWriter

HEIGHT, WIDTH = 50, 70


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)


def write(path, pattern: str) -> tuple[VideoWriter, list[np.ndarray]]:
    """One row for each letter: N a new picture, s a small change, - nothing. Returns what each row showed."""
    writer = VideoWriter(path, HEIGHT, WIDTH, 36)
    shown = []
    for row, letter in enumerate(pattern):
        if letter == "N":
            writer.image[:] = noise(row)
        elif letter == "s":
            writer.image[row % HEIGHT, 3:9] = row % 251
        writer.repeat() if letter == "-" else writer.encode()
        shown.append(writer.image[:, :, 2::-1].copy())
    writer.close()
    return writer, shown


def standard_decode(path) -> list[tuple[float, np.ndarray]]:
    """As any reader does it: every packet, in order."""
    with av.open(str(path)) as container:
        return [(frame.time, video._rgb(frame)) for frame in container.decode(video=0)]


PATTERN = "N--s-ss" + "-" * 40 + "N" + "s---" * 10 + "NN--"


def test_every_row_comes_back_bit_for_bit_through_an_ordinary_decoder_at_constant_times(tmp_path):
    _, shown = write(tmp_path / "a.mp4", PATTERN)
    decoded = standard_decode(tmp_path / "a.mp4")
    assert len(decoded) == len(shown)
    for row, ((t_s, picture), want) in enumerate(zip(decoded, shown, strict=True)):
        assert t_s == pytest.approx(row / 36, abs=1e-6)
        assert np.array_equal(picture, want), row


def test_the_reader_that_leaves_out_repeats_sees_the_same_pixels_in_any_order(tmp_path, monkeypatch):
    monkeypatch.setattr(video, "KEY_ROWS", 20)
    writer, shown = write(tmp_path / "a.mp4", PATTERN)
    reader = VideoReader(tmp_path / "a.mp4", writer.distinct, writer.rows)
    assert len(reader) == sum(letter != "-" for letter in PATTERN)
    for row in [*range(len(PATTERN)), 60, 3, 90, 0, len(PATTERN) - 1, 47]:
        assert np.array_equal(reader.picture(reader.at_row(row)), shown[row]), row


def test_key_pictures_come_on_the_first_change_after_the_interval_and_on_an_idle_screen(tmp_path, monkeypatch):
    monkeypatch.setattr(video, "KEY_ROWS", 5)
    monkeypatch.setattr(video, "IDLE_KEY_ROWS", 30)
    pattern = "N--s" + "-" * 6 + "s" + "-" * 35 + "s"
    _, shown = write(tmp_path / "a.mp4", pattern)
    with av.open(str(tmp_path / "a.mp4")) as container:
        keys = [row for row, packet in enumerate(container.demux(video=0)) if packet.is_keyframe and packet.size]
    assert keys == [0, 10, 40, 46]
    assert all(np.array_equal(a, b) for (_, a), b in zip(standard_decode(tmp_path / "a.mp4"), shown, strict=True))


def test_an_unchanged_row_costs_at_most_thirty_bytes_index_included(tmp_path):
    write(tmp_path / "short.mp4", "N" + "-" * 100)
    write(tmp_path / "long.mp4", "N" + "-" * 1100)
    grown = (tmp_path / "long.mp4").stat().st_size - (tmp_path / "short.mp4").stat().st_size
    assert grown <= 30 * 1000


def test_a_long_run_wraps_the_frame_number(tmp_path):
    _, shown = write(tmp_path / "a.mp4", "N" + ("-" * 299 + "s") * 8)
    decoded = standard_decode(tmp_path / "a.mp4")
    assert all(np.array_equal(a, b) for (_, a), b in zip(decoded[::50], shown[::50], strict=True))


@settings(max_examples=25, deadline=None)
@given(pattern=st.text("Ns--", min_size=0, max_size=60))
def test_any_pattern_of_changes_is_exact(tmp_path_factory, pattern):
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    writer, shown = write(path, "N" + pattern)
    assert all(np.array_equal(a, b) for (_, a), b in zip(standard_decode(path), shown, strict=True))
    reader = VideoReader(path, writer.distinct, writer.rows)
    assert all(np.array_equal(reader.picture(reader.at_row(row)), want) for row, want in enumerate(shown))


@given(data=st.binary(max_size=64) | st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4]), max_size=64).map(bytes))
def test_escaped_bytes_hold_no_start_code_and_come_back(data):
    escaped = escape(data)
    assert not any(code in escaped for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))
    assert unescape(escaped) == data


def test_the_first_row_has_nothing_to_repeat(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4", HEIGHT, WIDTH, 36)
    with pytest.raises(BadInput, match="nothing to repeat"):
        writer.repeat()
    writer.encode()
    writer.close()


def test_a_truncated_video_is_named(tmp_path):
    writer, _ = write(tmp_path / "a.mp4", PATTERN)
    data = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "a.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(CorruptRecording, match=r"a\.mp4 is damaged"):
        VideoReader(tmp_path / "a.mp4", writer.distinct, writer.rows)


def test_a_repeated_row_of_a_whole_screen_is_decoded_without_an_error_and_stays_small(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4", 800, 1280, 36)
    writer.encode()
    for _ in range(40):
        writer.repeat()
    writer.image[100:120, 200:300] = 255
    writer.encode()
    writer.close()
    # A decoder hides an error by repeating the picture before, so it has to be asked.
    with av.open(str(tmp_path / "a.mp4")) as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode", "ec": "0"}
        decoded = [video._rgb(frame) for frame in container.decode(video=0)]
    assert len(decoded) == 42
    assert np.array_equal(decoded[-1], writer.image[:, :, 2::-1])
    with av.open(str(tmp_path / "a.mp4")) as container:
        sizes = [packet.size for packet in container.demux(video=0)][1:41]
    assert max(sizes) <= 40


def test_a_skipped_picture_is_coded_as_x264_codes_one():
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = 1280, 800, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 36), 36
    plain = "cabac=1:weightp=0:bframes=0:scenecut=0:threads=1:sliced-threads=0:ref=1:ipratio=1"
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "qp": "51", "x264-params": plain}
    context.open()
    packets = []
    for row in range(3):
        grey = av.VideoFrame(1280, 800, "yuv420p")
        for plane in grey.planes:
            plane.update(bytes([100]) * plane.buffer_size)
        grey.pts = row
        packets += [bytes(packet) for packet in context.encode(grey)]
    theirs, ours = units(packets[2])[-1], Splicer(packets[0]).repeat(2)
    header, (*ours, last_ours), (*theirs, last_theirs) = 5, unescape(ours), unescape(theirs)
    assert ours[header:] == theirs[header:]
    # After the stop bit x264 writes what it likes (here one more bit); the standard wants zeros.
    assert last_ours == last_theirs & 0b1111_1000
