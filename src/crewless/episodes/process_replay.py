r"""Process replay: one component alone over a recording, its outputs compared with references that are in the repository.

A change that is not meant to change what perception sees or what a policy decides must leave the references as they are;
one that is meant to regenerates them, with a reason that is kept in the reference file::

    python -m crewless.episodes.process_replay --dataset FOLDER --episode 0 --reference FILE.jsonl \
        --perception package.module:factory [--policy package.module:factory] --regenerate "why it changes"

Without ``--regenerate`` it prints the differences; the exit status is 1 when there are any. A factory is called without
arguments and returns the component.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput, CrewlessError
from crewless.core.messages import Action, Applied, Frame, Observation
from crewless.core.perception import Perception
from crewless.core.policy import Policy
from crewless.episodes import dataset_layout as layout
from crewless.episodes.codec import dumps, to_json
from crewless.episodes.dataset import Dataset, open_dataset

_MOST_DIFFERENCES = 20
_TOLERANCE = 1e-4
"""Numbers that differ by less are equal: the last bits of a network's output depend on the machine."""


def run(dataset: Dataset, episode: int, perception: Perception, policy: Policy | None = None) -> list[dict[str, Any]]:
    """What the components make of a recording.

    Perception sees the frame before each action and the last one; the policy is told that each recorded action was applied,
    whatever it decided itself. What is left out is what may differ between two runs: processor time.

    Returns:
        JSON values, one for each frame: ``t_s``, ``observation``, ``action`` (the recorded one), ``decision``.
    """
    info = next((info for info in dataset.episodes if info.index == episode), None)
    if info is None:
        dataset.story(episode)
        raise BadInput(f"episode {episode} cannot be described")
    perception.reset()
    if policy is not None:
        policy.reset(info.case)
    lines: list[dict[str, Any]] = []
    moments: list[tuple[float, Frame, Action | None]] = [
        (step.t_s, step.frame, step.action) for step in dataset.steps(episode)
    ]
    moments.append((info.duration_s, dataset.last_frame(episode), None))
    for t_s, frame, action in moments:
        observation = perception.perceive(frame)
        line: dict[str, Any] = {"t_s": round(t_s, 3), "observation": _stable(observation)}
        if action is not None:
            line["action"] = to_json(action)
        if policy is not None:
            line["decision"] = to_json(policy.decide(observation))
            if action is not None:
                policy.applied(Applied(action=action, dispatched_s=t_s))
        lines.append(json.loads(dumps(line)))
    return lines


def diff(reference: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where two runs differ, one line each, at most twenty; empty when they agree."""
    found: list[str] = []
    for number, (old_line, new_line) in enumerate(zip(reference, new, strict=False)):
        _compare(f"step {number}", old_line, new_line, found)
    if len(reference) != len(new):
        found.append(f"{len(new)} steps, the reference has {len(reference)}")
    if len(found) > _MOST_DIFFERENCES:
        return [*found[:_MOST_DIFFERENCES], f"and {len(found) - _MOST_DIFFERENCES} more"]
    return found


def write_reference(path: Path, lines: Sequence[Mapping[str, Any]], reason: str) -> None:
    """Write a reference: a line that says why it is as it is, then a line for each step. Raises BadInput, StorageFull."""
    if not reason.strip():
        raise BadInput("a reference does not change without a reason", alternatives=['--regenerate "why it changes"'])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(dumps(line) + "\n" for line in ({"reason": reason}, *lines)), encoding="utf-8")
    except OSError as error:
        raise layout.storage_error(path, error) from error


def read_reference(path: Path) -> list[dict[str, Any]]:
    """The lines of a reference, without the reason. Raises BadInput."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise BadInput(f"no reference in {path}: {error}", alternatives=["make it with --regenerate"]) from error
    return lines[1:]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command at the top of this file."""
    parser = argparse.ArgumentParser(prog="python -m crewless.episodes.process_replay")
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--episode", type=int, default=0)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--perception", required=True, metavar="MODULE:FACTORY")
    parser.add_argument("--policy", metavar="MODULE:FACTORY")
    parser.add_argument("--regenerate", metavar="REASON", help="write a new reference, with the reason")
    chosen = parser.parse_args(arguments)
    try:
        policy = _component(chosen.policy) if chosen.policy else None
        lines = run(open_dataset(chosen.dataset), chosen.episode, _component(chosen.perception), policy)
        if chosen.regenerate is not None:
            write_reference(chosen.reference, lines, chosen.regenerate)
            print(f"{chosen.reference}: {len(lines)} steps")
            return 0
        differences = diff(read_reference(chosen.reference), lines)
    except CrewlessError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print("\n".join(differences) or f"{len(lines)} steps agree")
    return 1 if differences else 0


def _component(name: str) -> Any:
    module, _, factory = name.partition(":")
    try:
        return getattr(importlib.import_module(module), factory)()
    except (ImportError, AttributeError, ValueError) as error:
        raise BadInput(f"no component {name!r}: {error}", alternatives=["package.module:factory"]) from error


def _stable(observation: Observation) -> dict[str, Any]:
    return to_json(replace(observation, cpu_s=0.0, t_s=0.0))


def _compare(where: str, old: Any, new: Any, found: list[str]) -> None:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            _compare(f"{where}.{key}", old.get(key), new.get(key), found)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (a, b) in enumerate(zip(old, new, strict=True)):
            _compare(f"{where}[{number}]", a, b, found)
    elif isinstance(old, float) and isinstance(new, (int, float)) and abs(old - new) <= _TOLERANCE:
        return
    elif old != new:
        found.append(f"{where}: was {_short(old)}, is {_short(new)}")


def _short(value: Any) -> str:
    text = dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."


if __name__ == "__main__":
    sys.exit(main())
