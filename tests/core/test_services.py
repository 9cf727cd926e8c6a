"""The table of streams."""

import pytest

from crewless.core.services import SERVICES


def test_photons_come_at_36_hz_and_controls_go_at_18():
    assert SERVICES["frame"].rate_hz == 36.0
    assert SERVICES["control"].rate_hz == 18.0
    assert SERVICES["frame"].period_s == pytest.approx(1 / 36)


def test_a_stream_on_change_has_no_period():
    with pytest.raises(ValueError, match="published on change"):
        _ = SERVICES["verdict"].period_s


def test_every_stream_says_what_it_carries_and_how_it_is_thinned():
    for name, service in SERVICES.items():
        assert service.what, name
        assert service.decimation >= 1, name
        assert service.rate_hz is None or service.rate_hz > 0, name
