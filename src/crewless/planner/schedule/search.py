"""The state of one search: its clock, its bound and its best schedule so far."""

import time
from collections.abc import Callable

from crewless.planner.schedule.problem import Problem, Schedule

Progress = Callable[[Schedule], None]
"""Called with every better schedule."""
WINDOWS = 10
"""When rounds are counted: windows that are opened at most."""
REPEATABLE_S = 2.0
"""The solver's own deterministic time when rounds are counted instead of seconds."""


class Search:
    """The clock, the bound and the best of one call of :func:`crewless.planner.schedule.solve.schedule`."""

    def __init__(
        self,
        problem: Problem,
        began: float,
        budget_s: float,
        iterations: int | None,
        bound: int,
        progress: Progress | None,
    ) -> None:
        self.problem, self.began, self.budget_s, self.bound = problem, began, budget_s, bound
        self.iterations, self.progress, self.rounds = iterations, progress, 0
        self.best: tuple[list[int], list[int]] | None = None
        self.makespan = 1 << 60
        self.method = ""
        self.value: int | None = None
        self.stale_share = 1.0
        self.better_at = 0.0
        self.windows = 0

    def late(self) -> bool:
        """Whether a first schedule must do: it cannot be beaten, or the clock has run out."""
        return self.makespan <= self.bound or (self.iterations is None and self._spent() >= 1)

    def goes_on(self) -> bool:
        """Whether another round may begin."""
        self.rounds += 1
        if self.makespan <= self.bound:
            return False
        spent = self._spent()
        return spent < 1 and spent - self.better_at < self.stale_share

    def _spent(self) -> float:
        if self.iterations is not None:
            return (self.rounds - 1) / self.iterations if self.iterations else 1.0
        return (time.process_time() - self.began) / self.budget_s

    def window_s(self) -> float:
        """Processor seconds left for windows; with rounds: whether one more may be opened."""
        if self.iterations is not None:
            return float(self.windows < min(self.iterations, WINDOWS))
        return self.budget_s * (1 - self._spent())

    def left_s(self) -> float:
        """Processor seconds that the solver gets; 0 when that is too little to begin."""
        if self.iterations is not None:
            return REPEATABLE_S
        left = 1 - self._spent()
        return self.budget_s * left if left >= 0.05 else 0.0

    def found(self, starts: list[int], modes: list[int], method: str, value: int | None = None) -> None:
        """Keep the schedule when it is the best so far; of those that end together the one with the least ``value``."""
        made = self.schedule(starts, modes, method)
        if value is not None and made.makespan <= self.makespan and (self.value is None or value < self.value):
            self.value = value
            if made.makespan == self.makespan:
                self.best = starts, modes
        if made.makespan < self.makespan:
            self.makespan, self.best, self.method = made.makespan, (starts, modes), method
            self.better_at = self._spent()
            if self.progress:
                self.progress(made)

    def schedule(self, starts: list[int], modes: list[int], method: str) -> Schedule:
        """As a :class:`Schedule`."""
        ops = self.problem.operations
        makespan = max(s + o.modes[m].duration for s, o, m in zip(starts, ops, modes, strict=True))
        return Schedule(
            starts=tuple(starts),
            assignments=tuple(modes),
            makespan=makespan,
            lower_bound=min(self.bound, makespan),
            cpu_s=time.process_time() - self.began,
            method=method,
        )
