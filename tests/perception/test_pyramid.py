import numpy as np
import pytest

from crewless.core.errors import BadInput
from crewless.perception.pyramid import halve, quarter


@pytest.mark.parametrize(("shrink", "factor"), [(halve, 2), (quarter, 4)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_each_pixel_is_the_rounded_mean_of_its_square(shrink, factor, channels):
    frames = np.random.default_rng(0).integers(0, 256, (3, 24, 40, channels), dtype=np.uint8)
    squares = frames.reshape(3, 24 // factor, factor, 40 // factor, factor, channels).astype(int)
    expected = (squares.sum(axis=(2, 4)) + factor * factor // 2) // (factor * factor)
    assert np.array_equal(shrink(frames), expected)


def test_white_stays_white_and_the_given_array_is_used():
    out = np.zeros((2, 2, 2, 3), np.uint8)
    assert quarter(np.full((2, 8, 8, 3), 255, np.uint8), out) is out
    assert (out == 255).all()


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((1, 8, 8, 3), np.float32),
        np.zeros((1, 6, 8, 3), np.uint8),
        np.zeros((1, 8, 16, 3), np.uint8)[:, :, ::2],
    ],
)
def test_pictures_of_another_form_are_refused(frames):
    with pytest.raises(BadInput):
        quarter(frames)
    with pytest.raises(BadInput, match="out has shape"):
        quarter(np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 8, 8, 3), np.uint8))
