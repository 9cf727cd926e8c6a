"""The oracle of a task in the place of a worker: in this process, unsealed, and knowing the answers."""

import resource
import time
from collections.abc import Callable
from typing import Any

from crewless.core.body import Body
from crewless.core.case_loop import Step, work_case
from crewless.core.messages import Case
from crewless.core.perception import Blind
from crewless.core.task import Task
from crewless.work.worker import Report
from crewless.work.worker_proc import step_json


class OracleWorker:
    """Works cases as :class:`crewless.work.worker.Worker` does, for a runner.

    Args:
        task: whose oracle it is.
        body: of ``task.open(scripted=True)``.
    """

    def __init__(self, task: Task, body: Body) -> None:
        self._body, self._oracle = body, task.oracle(body)
        self._max_steps = int(getattr(task, "max_steps", 60))

    def work(
        self, case: Case, *, timeout_s: float = 0.0, on_step: Callable[[dict[str, Any]], None] | None = None
    ) -> Report:
        """Work one case; its end is ``max_steps``, not a time. Raises what the body raises."""
        steps: list[dict[str, Any]] = []
        began_s, began_cpu_s = time.monotonic(), time.process_time()

        def heard(step: Step) -> None:
            steps.append(step_json(step))
            if on_step is not None:
                on_step(steps[-1])

        work = work_case(self._body, Blind(), self._oracle, case, max_steps=self._max_steps, on_step=heard)
        return Report(
            case=case.id,
            claimed_done=work.claimed_done,
            reason=work.reason,
            seconds=time.monotonic() - began_s,
            cpu_s=time.process_time() - began_cpu_s,
            rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            touched=work.touched,
            steps=steps,
        )

    def close(self) -> None:
        """Let go of what the oracle holds."""
        getattr(self._oracle, "close", lambda: None)()
