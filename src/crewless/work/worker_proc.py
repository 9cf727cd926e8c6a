"""A worker in a process of its own, sealed before it sees its first frame.

Run as ``python -m crewless.work.worker_proc CONFIG_JSON``. It reads cases from standard input and writes what it did to
standard output, one JSON object a line. It owns neither the display nor the program on it:
it maps the frame ring and speaks XTEST to the display over a connection that is made first; then it seals itself, and can reach nothing
else (:mod:`crewless.work.seal`).
"""

import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from crewless.core.cache import cache_folder
from crewless.core.case_loop import Step, work_case
from crewless.core.errors import CrewlessError, error_to_json
from crewless.core.policy import Policy
from crewless.episodes.codec import case_from, dumps, to_json
from crewless.work.seal import Seal, seal

if TYPE_CHECKING:
    from crewless.body.screen import ScreenBody
    from crewless.perception.screen import ScreenPerception


@dataclass(frozen=True, kw_only=True)
class WorkerConfig:
    """What a worker is started with."""

    display: str
    ring: str
    """The frame ring's file."""
    checkpoint: str
    policy: str = "skill"
    """skill, archive (reads solved cases), or one of the baselines: coordinates, text_match, nearest, nothing."""
    max_silent_wrong: float = 0.02
    abstain: bool = True
    """False: never hand over for want of confidence in the judgement."""
    max_steps: int = 60
    forbidden: tuple[str, ...] = ()
    """Files and folders of the system of record: a seal that would leave one of them readable is refused."""
    unsealed: bool = False
    """Run even where the kernel cannot hold the whole seal."""


def main(argv: list[str]) -> int:
    """Serve cases until standard input ends."""
    config = WorkerConfig(**json.loads(argv[0]))
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        body = connect_and_seal(config)
        serve(config, body, sys.stdin, out)
    except CrewlessError as error:
        print(_line("failed", **error_to_json(error)), file=out)
        return error.exit_code
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedBody:
    """The screen of a sealed process."""

    body: "ScreenBody"
    perception: "list[ScreenPerception]"
    """Reads fields back, once it has been put in: it is loaded behind the seal."""
    seal: Seal


def connect_and_seal(config: WorkerConfig) -> SealedBody:
    """Connect with the display, then seal this process: nothing of a checkpoint has been loaded by then."""
    from crewless.body.screen import ScreenBody

    perception: list[ScreenPerception] = []
    body = ScreenBody.attach(
        config.display,
        Path(config.ring),
        read_back=lambda frame, point: perception[0].read_field(frame, point) if perception else None,
    )
    try:
        held = seal(
            readable=[Path(config.checkpoint)],
            writable=[cache_folder()],  # the ring is mapped already
            forbidden=[Path(path) for path in config.forbidden],
            strict=not config.unsealed,
        )
    except BaseException:
        body.close()
        raise
    return SealedBody(body=body, perception=perception, seal=held)


def serve(config: WorkerConfig, sealed: SealedBody, source: TextIO, out: TextIO) -> None:
    """Build the worker, say that it is ready, and work the cases that come in."""
    from crewless.perception.screen import ScreenPerception

    perception, body = ScreenPerception(), sealed.body
    sealed.perception.append(perception)
    policy = _policy(config)
    perception.perceive(body.frame())
    print(_line("ready", seal=asdict(sealed.seal), pid=os.getpid()), file=out)
    try:
        for line in source:
            case = case_from(json.loads(line))
            started_s, started_cpu_s = time.monotonic(), time.process_time()
            try:
                work = work_case(body, perception, policy, case, max_steps=config.max_steps, on_step=_reporter(out))
            except CrewlessError as error:
                print(_line("failed", **error_to_json(error), case=case.id), file=out)
                continue
            except Exception:
                said = traceback.format_exc(limit=8)
                print(_line("failed", error="Exception", message=said, alternatives=(), case=case.id), file=out)
                continue
            collected, judged = getattr(policy, "collected", None), getattr(policy, "judged", None)
            print(
                _line(
                    "work",
                    case=case.id,
                    claimed_done=work.claimed_done,
                    reason=work.reason,
                    touched=work.touched,
                    steps=len(work.steps),
                    seconds=time.monotonic() - started_s,
                    cpu_s=time.process_time() - started_cpu_s,
                    rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                    collected=collected[-1] if collected and work.claimed_done else None,
                    judged=None if judged is None else {**to_json(judged), "text": getattr(policy, "text", "")},
                ),
                file=out,
            )
    finally:
        body.close()


def _reporter(out: TextIO) -> Callable[[Step], None]:
    def report(step: Step) -> None:
        print(_line("step", **step_json(step)), file=out)

    return report


def step_json(step: Step) -> dict[str, Any]:
    """A turn of the loop in JSON values, as reports and receipts hold it."""
    observation = step.observation
    return {
        "decision": to_json(step.decision),
        "applied": None if step.applied is None else to_json(step.applied),
        "elements": len(observation.elements),
        "lines_read": observation.lines_read,
        "perceive_cpu_s": observation.cpu_s,
        "t_s": observation.t_s,
    }


def _policy(config: WorkerConfig) -> Policy:
    path = Path(config.checkpoint)
    if config.policy == "skill":
        from crewless.policy.learnt import load_policy

        return load_policy(path, max_silent_wrong=config.max_silent_wrong, abstain=config.abstain)
    if config.policy == "archive":
        from crewless.policy.archive import ArchiveReader
        from crewless.policy.checkpoint import load_checkpoint

        return ArchiveReader(load_checkpoint(path))
    from crewless.work.policies import load_baseline

    return load_baseline(config.policy, path)


def _line(kind: str, **values: object) -> str:
    return dumps({"kind": kind, **values})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
