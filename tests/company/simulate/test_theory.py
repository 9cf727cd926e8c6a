"""The loop agrees with queueing theory, the draws with their distributions, the intervals with tables."""

from dataclasses import replace
from math import comb, exp, gamma, sqrt

import numpy as np
import pytest

from crewless.company.sheet.model import Arrival, Duration
from crewless.company.simulate.compiled import compile_sheet
from crewless.company.simulate.draws import KINDS, duration, uniform
from crewless.company.simulate.engine import CASE_COLUMNS, CELL_COLUMNS
from crewless.company.simulate.replications import SimulateConfig, find_warmup, run_replication
from crewless.company.simulate.statistics import interval, quantiles, ratio_interval, warmup_end
from crewless.company.simulate.theory import QueueingModel, erlang_c, mmc, solved

from .sheets import cell, sheet

SEEDS = 10
WAIT, VISITS = CELL_COLUMNS.index("waiting_h"), CELL_COLUMNS.index("visits")


@pytest.mark.parametrize("case", solved(), ids=lambda case: case.name)
def test_theory_lies_inside_the_intervals_as_often_as_it_should(case: QueueingModel):
    program = compile_sheet(case.sheet)
    names = [one.name for one in case.sheet.cells]
    misses = dict.fromkeys(case.waits_h, 0)
    weeks = 40_000 * case.sheet.arrival.between.numbers[0] / 168
    for seed in range(SEEDS):
        config = SimulateConfig(weeks=0.9 * weeks, warmup_weeks=0.1 * weeks, batches=20, seed=seed)
        cases, cells, _, _ = run_replication(program, config, 0)
        for name, wait in case.waits_h.items():
            at = names.index(name)
            misses[name] += wait not in ratio_interval(cells[1:, at, WAIT], cells[1:, at, VISITS])
        if case.turned_away is not None:
            turned = cases[1:, CASE_COLUMNS.index("turned_away")], cases[1:, CASE_COLUMNS.index("arrived")]
            misses["turned away"] = misses.get("turned away", 0) + (case.turned_away not in ratio_interval(*turned))
    # So many misses or more come by chance in less than one of a thousand.
    limit = next(k for k in range(SEEDS + 1) if _tail(k) < 1e-3)
    assert max(misses.values()) < limit, misses


def _tail(misses: int) -> float:
    return sum(comb(SEEDS, k) * 0.05**k * 0.95 ** (SEEDS - k) for k in range(misses, SEEDS + 1))


def test_the_test_above_can_fail():
    program = compile_sheet(mmc(1, 0.7).sheet)
    config = SimulateConfig(weeks=300.0, warmup_weeks=30.0, batches=20)
    _, cells, _, _ = run_replication(program, config, 0)
    assert 1.3 * mmc(1, 0.7).waits_h["work"] not in ratio_interval(cells[1:, 0, WAIT], cells[1:, 0, VISITS])


def test_erlang_c_of_two_servers_by_hand():
    # C(2, a) = a^2 / (2 + a) for two servers.
    assert erlang_c(2, 1.2) == pytest.approx(1.2**2 / (2 + 1.2))


MOMENTS = {
    "constant": ((2.0,), 2.0, 0.0),
    "exponential": ((2.0,), 2.0, 2.0),
    "uniform": ((1.0, 3.0), 2.0, 2 / sqrt(12)),
    "triangular": ((0.0, 6.0, 3.0), 3.0, sqrt(6**2 / 24)),
    "normal": ((10.0, 1.5), 10.0, 1.5),
    "lognormal": ((0.2, 0.5), exp(0.2 + 0.125), exp(0.2 + 0.125) * sqrt(exp(0.25) - 1)),
    "gamma": ((2.5, 2.0), 5.0, sqrt(2.5) * 2.0),
    "weibull": ((2.0, 3.0), 3 * gamma(1.5), 3 * sqrt(gamma(2.0) - gamma(1.5) ** 2)),
    "table": ((0.0, 1.0, 3.0), 1.25, sqrt(0.5 * (1 / 3) + 0.5 * (4 + 1 / 3) - 1.25**2)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_distribution_has_its_mean_and_its_spread(kind: str):
    numbers, mean, spread = MOMENTS[kind]
    kinds, firsts = np.array([KINDS.index(kind)], np.int8), np.array([0, len(numbers)], np.int32)
    n = 20_000
    drawn = np.array([duration(kinds, firsts, np.array(numbers), 0, np.uint64(7), i) for i in range(n)])
    assert drawn.mean() == pytest.approx(mean, abs=4 * spread / sqrt(n) + 1e-12)
    assert drawn.std() == pytest.approx(spread, rel=0.05, abs=1e-9)


def test_gamma_below_shape_one_has_its_mean():
    firsts = np.array([0, 2], np.int32)
    drawn = [duration(np.array([KINDS.index("gamma")], np.int8), firsts, np.array([0.3, 2.0]), 0, np.uint64(1), i) for i in range(20_000)]  # fmt: skip
    assert np.mean(drawn) == pytest.approx(0.6, abs=4 * sqrt(0.3) * 2 / sqrt(20_000))


def test_neighbouring_numbers_of_neighbouring_streams_are_independent():
    table = np.array([[uniform(np.uint64(key), number) for number in range(200)] for key in range(200)])
    assert abs(np.corrcoef(table[:, :-1].ravel(), table[:, 1:].ravel())[0, 1]) < 4 / 200
    assert abs(np.corrcoef(table[:-1].ravel(), table[1:].ravel())[0, 1]) < 4 / 200
    counts, _ = np.histogram(table, 100, (0, 1))
    assert ((counts - 400) ** 2 / 400).sum() < 149  # 99.9 % of chi-square with 99 degrees of freedom


@pytest.mark.parametrize(("freedom", "value"), [(1, 12.706), (4, 2.776), (9, 2.262), (29, 2.045), (120, 1.980)])
def test_student_s_quantiles_are_those_of_the_tables(freedom: int, value: float):
    values = np.arange(freedom + 1.0)
    assert interval(values).half * sqrt(len(values)) / values.std(ddof=1) == pytest.approx(value, abs=5e-4)


def test_an_interval_by_hand():
    found = interval([1.0, 2.0, 3.0, 4.0])
    assert found.mean == 2.5
    assert found.half == pytest.approx(3.182 * sqrt(5 / 3) / 2, abs=1e-3)
    assert ratio_interval([2.0, 4.0], [1.0, 2.0]).half == 0.0


def test_the_warm_up_is_cut_where_the_series_has_settled():
    rng = np.random.default_rng(0)
    series = np.concatenate([np.linspace(0, 10, 10), 10 + rng.normal(size=90)])
    assert 6 <= warmup_end(series) <= 12
    # 60 cases a week come to a desk that works on each for about a week.
    line = sheet([cell("a", 160.0)], "in>a a>out", every=2.8, staff=80)
    line = replace(line, arrival=Arrival(between=Duration(kind="exponential", numbers=(2.8,))))
    assert 1 <= find_warmup(line, SimulateConfig(weeks=26)) <= 6


def test_quantiles_of_a_histogram():
    histogram = np.zeros(100, np.int64)
    histogram[10] = 50
    histogram[20] = 50
    low, high = quantiles(histogram, [0.25, 0.75], 1.0, 0.1)
    assert exp(0.9) < low < exp(1.0)
    assert exp(1.9) < high < exp(2.0)
