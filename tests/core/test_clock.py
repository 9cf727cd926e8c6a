"""The ratekeeper keeps its periods, and counts those that it lost. Time here is a number that the test moves."""

import pytest

from crewless.core import clock
from crewless.core.clock import Ratekeeper


@pytest.fixture
def now(monkeypatch):
    class Time:
        now_s = 100.0

        def monotonic(self):
            return self.now_s

        def sleep(self, seconds):
            self.now_s += seconds

    time = Time()
    monkeypatch.setattr(clock, "time", time)
    return time


def test_a_loop_in_time_starts_each_period_exactly(now):
    keeper = Ratekeeper(10.0)
    starts = []
    for _ in range(3):
        assert keeper.keep() == 0
        starts.append(now.now_s)
        now.now_s += 0.05
    assert starts == pytest.approx([100.1, 100.2, 100.3])
    assert (keeper.lost, keeper.lateness_ms(100)) == (0, pytest.approx(0.0, abs=1e-6))


def test_work_that_takes_longer_than_periods_loses_them_and_stays_on_the_grid(now):
    keeper = Ratekeeper(10.0)
    now.now_s += 0.35
    assert keeper.keep() == 2
    assert keeper.lost == 2
    assert keeper.keep() == 0
    assert now.now_s == pytest.approx(100.4)


def test_lateness_is_measured_from_when_the_period_was_due(now):
    keeper = Ratekeeper(10.0)
    assert keeper.lateness_ms(95) == 0.0
    now.now_s += 0.12
    keeper.keep()
    assert keeper.lateness_ms(100) == pytest.approx(20.0)
