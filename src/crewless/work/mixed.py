"""A shift of AI and person together, run for real: cases arrive one by one, the worker takes each, and what it hands over a
person works, at a person's pace and with breaks.

The person is the task's oracle: it is made to think before each action and to stop when it has a break. It sits at a desk of its
own, a second program that holds the same cases: each judge compares the whole record before and after a case, and would take
the other's deeds for changes that nobody asked for.
"""

import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crewless.core.case_loop import work_case
from crewless.core.errors import BadInput
from crewless.core.messages import Applied, Case, Decision, Observation
from crewless.core.perception import Blind
from crewless.core.policy import Policy
from crewless.core.results import INBOX, REVIEW, CaseResult, HandledCase, add_handled
from crewless.core.runs import RunFolder
from crewless.core.task import Task
from crewless.work.runner import Runner, RunnerConfig


@dataclass(frozen=True, kw_only=True)
class PersonConfig:
    """Pace and hours of the person."""

    pace_s: float = 1.0
    """Time to think before each action; a random half of it more or less."""
    works_s: float = 90.0
    """Seconds at work, from the beginning of the shift on,"""
    rests_s: float = 30.0
    """and seconds away after that, over and over; work that was begun is laid down and taken up again."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises BadInput."""
        for name, least in (("pace_s", 0.0), ("works_s", 1.0), ("rests_s", 0.0)):
            if not getattr(self, name) >= least:
                raise BadInput(f"{name} is {getattr(self, name)}", alternatives=[f"{least:g} or more"])

    def away_s(self, t: float) -> float:
        """How long the person is still away at ``t`` seconds after the beginning of the shift; 0: at work."""
        into = t % (self.works_s + self.rests_s)
        return 0.0 if into < self.works_s else self.works_s + self.rests_s - into


class PersonPace:
    """Any policy at a person's pace: it thinks before each action, and stops while the person is away.

    Args:
        policy: what decides.
        person: pace and hours.
        clock: seconds since the shift began.
        sleep: how time is spent.
    """

    def __init__(
        self,
        policy: Policy,
        person: PersonConfig,
        clock: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._policy, self._person, self._clock, self._sleep = policy, person, clock, sleep
        self._chance = random.Random(person.seed)

    def reset(self, case: Case) -> None:
        """Begin a case."""
        self._chance = random.Random(f"person/{self._person.seed}/{case.id}")
        self._policy.reset(case)

    def decide(self, observation: Observation) -> Decision:
        """As soon as the person is there and has thought."""
        while away_s := self._person.away_s(self._clock()):
            self._sleep(away_s)
        self._sleep(self._person.pace_s * self._chance.uniform(0.5, 1.5))
        return self._policy.decide(observation)

    def applied(self, applied: Applied) -> None:
        """Pass it on."""
        self._policy.applied(applied)


def work_mixed(
    task: Task,
    desk: Task,
    run: RunFolder,
    cases: Sequence[Case],
    config: RunnerConfig,
    person: PersonConfig,
    *,
    every_s: float,
    on_result: Callable[[str, HandledCase], None] | None = None,
) -> list[HandledCase]:
    """Work the cases. Each has a line in the run's metrics and its events in the run's log.

    Args:
        task: where the worker works.
        desk: the same task set up a second time, with the same cases, for the person.
        run: where it is written down.
        cases: in the order in which they arrive.
        config: the worker's shift.
        person: who takes what it hands over.
        every_s: seconds between two arrivals.
        on_result: hears who has done something, and with what.

    Raises:
        BadInput: ``every_s`` is not more than 0.
        CrewlessError: what ended the worker's or the person's work for good.
    """
    if every_s <= 0:
        raise BadInput(f"a case every {every_s:g} s", alternatives=["more than 0"])
    handed: queue.Queue[tuple[Case, HandledCase] | None] = queue.Queue()
    done: list[HandledCase] = []
    failure: list[BaseException] = []
    ready, begin = threading.Event(), threading.Event()
    start: list[float] = [0.0]

    def keep(who: str, one: HandledCase) -> None:
        done.append(one)
        add_handled(run, one)
        if on_result:
            on_result(who, one)

    def at_the_desk() -> None:
        try:
            _person(desk, run, person, handed, ready, begin, start, keep)
        except BaseException as error:
            failure.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=at_the_desk, name="person")
    thread.start()
    try:
        with Runner(task, run, config) as shift:
            shift.start()
            ready.wait()
            start[0] = time.monotonic()
            begin.set()
            for number, case in enumerate(cases):
                _wait_until(start[0] + number * every_s)
                if failure:
                    break
                arrived_s = number * every_s
                run.events.add(case=case.id, cell=INBOX, resource=INBOX, kind="note", outcome="arrived")
                taken_s = time.monotonic() - start[0]
                results = shift.work([case])
                one = _handled(case, results, arrived_s, taken_s, time.monotonic() - start[0])
                if one.handed_over:
                    handed.put((case, one))
                else:
                    keep("worker", one)
    finally:
        begin.set()
        handed.put(None)
        thread.join()
    if failure:
        raise failure[0]
    return done


def _handled(case: Case, results: Sequence[CaseResult], arrived_s: float, taken_s: float, left_s: float) -> HandledCase:
    outcome, silent = (results[0].outcome, results[0].silent_wrong) if results else ("error", False)
    return HandledCase(
        case=case.id,
        outcome=outcome,
        silent_wrong=silent,
        handed_over=outcome == "handed_over",
        arrived_s=arrived_s,
        taken_s=taken_s,
        left_s=left_s,
        review_taken_s=float("nan"),
        review_left_s=float("nan"),
    )


def _person(
    desk: Task,
    run: RunFolder,
    person: PersonConfig,
    handed: "queue.Queue[tuple[Case, HandledCase] | None]",
    ready: threading.Event,
    begin: threading.Event,
    start: list[float],
    keep: Callable[[str, HandledCase], None],
) -> None:
    from contextlib import ExitStack
    from dataclasses import replace

    body: Any = desk.open(scripted=True)
    with ExitStack() as ending:
        ending.callback(body.close)
        operator, verifier = desk.oracle(body), desk.verifier()
        for part in (operator, verifier):
            ending.callback(getattr(part, "close", lambda: None))
        ready.set()
        begin.wait()
        policy = PersonPace(operator, person, lambda: time.monotonic() - start[0])
        while (item := handed.get()) is not None:
            case, one = item
            while away_s := person.away_s(time.monotonic() - start[0]):
                time.sleep(away_s)
            taken_s = time.monotonic() - start[0]
            before = verifier.before(case)
            run.events.add(case=case.id, cell=REVIEW, resource="person", kind="start")
            work = work_case(body, Blind(), policy, case, max_steps=200)
            body.settle()
            verdict = verifier.judge(case, before, claimed_done=work.claimed_done)
            left_s = time.monotonic() - start[0]
            run.events.add(
                case=case.id, cell=REVIEW, resource="person", kind="verdict", outcome=verdict.outcome,
                seconds=left_s - taken_s,
            )  # fmt: skip
            keep(
                "person",
                replace(
                    one,
                    outcome=verdict.outcome,
                    silent_wrong=verdict.silent_wrong,
                    review_taken_s=taken_s,
                    review_left_s=left_s,
                ),
            )


def _wait_until(t_s: float) -> None:
    while (left_s := t_s - time.monotonic()) > 0:
        time.sleep(left_s)


def summarise_mixed(handled: Sequence[HandledCase]) -> dict[str, float]:
    """Cases, cases an hour from the first arrival to the last end, lead times in seconds, share handed over, share right."""
    leads = sorted(one.lead_s for one in handled)
    first = min(one.arrived_s for one in handled)
    last = max(one.arrived_s + one.lead_s for one in handled)
    return {
        "cases": len(handled),
        "an_hour": len(handled) / (last - first) * 3600,
        "lead_mean_s": sum(leads) / len(leads),
        "lead_median_s": leads[len(leads) // 2],
        "handed_over": sum(one.handed_over for one in handled) / len(handled),
        "right": sum(one.outcome == "right" for one in handled) / len(handled),
    }
