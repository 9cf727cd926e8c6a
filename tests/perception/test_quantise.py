"""Eight bits: where they are used, and that they read what full precision reads."""

from pathlib import Path

import numpy as np

from crewless.perception.calibrate import calibration_crops
from crewless.perception.quantise import (
    _on_grid,
    can_multiply_bytes,
    load_ranges,
    measure_ranges,
    pointwise,
)
from crewless.perception.recognise import Recogniser, RecogniserConfig


def test_only_a_processor_that_says_so_multiplies_bytes(tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    assert not can_multiply_bytes(listing)
    listing.write_text("processor : 0\nflags : fpu avx2 avx512f\n")
    assert not can_multiply_bytes(listing)
    listing.write_text("processor : 0\nflags : fpu avx512f avx512_vnni\n")
    assert can_multiply_bytes(listing)


def test_zero_is_one_of_the_levels() -> None:
    for low, high in ((-0.17, 3.1), (0.0, 5.0), (-1.0, 1.0)):
        low, high = _on_grid(low, high)
        levels = low + (high - low) / 255 * np.arange(256)
        assert np.abs(levels).min() < 1e-9


def test_the_shipped_ranges_are_of_this_network_and_hold_what_is_seen(tmp_path: Path) -> None:
    reader = Recogniser(RecogniserConfig(eight_bits=False, cache_dir=tmp_path))
    shipped = load_ranges()
    assert set(shipped) == {node.get_friendly_name() for node in pointwise(reader.model)}
    seen = measure_ranges(reader.model, [batch for _, batch in reader.batches(calibration_crops(seed=3, count=24))])
    for name, (low, high) in seen.items():
        width = shipped[name][1] - shipped[name][0]
        assert shipped[name][0] - 0.25 * width < low
        assert high < shipped[name][1] + 0.25 * width


def test_eight_bits_read_what_full_precision_reads(tmp_path: Path) -> None:
    crops = [crop for crop in calibration_crops(seed=7, count=120) if crop.shape[1] > 2 * crop.shape[0]]
    plain, rounded = (
        [reading.text for reading in Recogniser(RecogniserConfig(eight_bits=bits, cache_dir=tmp_path)).read(crops)]
        for bits in (False, True)
    )
    same = sum(a == b for a, b in zip(plain, rounded, strict=True))
    assert len(crops) > 50
    assert same >= 0.95 * len(crops), [pair for pair in zip(plain, rounded, strict=True) if pair[0] != pair[1]]
