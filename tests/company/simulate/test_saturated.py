"""The benchmark of mixed shifts measures throughput where it can fail: with a queue that is full from the start."""

import pytest
from benchmarks.company_mixed import full_queue, simulate

from .sheets import cell, sheet


def test_a_full_queue_is_worked_at_the_rate_of_the_work_and_not_of_the_arrivals():
    # 0.01 h a ticket, one every 0.02 h: at the arrivals' rate 50 an hour whatever the work takes; saturated 100.
    for hours, rate in ((0.01, 100), (0.016, 62.5)):
        line = sheet([cell("a", hours)], "in>a a>out", every=0.02)
        assert simulate(line, 20, 0)["an_hour"] == pytest.approx(50, rel=0.06)
        assert simulate(full_queue(line), 20, 0)["an_hour"] == pytest.approx(rate, rel=0.06)
