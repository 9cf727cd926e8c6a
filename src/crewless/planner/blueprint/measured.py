"""Skill cards made from results: the event log of a run, rows of a benchmark, tries written down one a line."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput
from crewless.core.events import read_events
from crewless.planner.blueprint.cards import CARD_VERSION, SkillCard
from crewless.planner.blueprint.model import parse, to_json
from crewless.planner.blueprint.strict_yaml import read_yaml

GOOD, BAD = ("right", "done", "ok"), ("wrong", "failed", "error", "handed_over")
"""Outcomes that count as a success, and as a try that came to nothing; what was called off was no try."""


@dataclass(frozen=True, kw_only=True)
class Tries:
    """What results say of a skill.

    Attributes:
        trials, successes: counts.
        seconds: of each try; empty where the results do not say.
    """

    trials: int
    successes: int
    seconds: tuple[float, ...] = ()


def read_cards(where: Sequence[str | Path | Mapping[str, Any]], folder: Path | None = None) -> tuple[SkillCard, ...]:
    """Cards from files, from all YAML and JSON files of folders, or from plain data. Raises BadInput.

    Args:
        where: files, folders, or cards as plain data.
        folder: what relative paths are relative to.
    """
    cards: list[SkillCard] = []
    for one in where:
        if isinstance(one, Mapping):
            cards.append(_card(dict(one), "a skill card"))
            continue
        path = (folder or Path()) / one
        if path.is_dir():
            files = sorted(f for f in path.iterdir() if f.suffix in (".yaml", ".yml", ".json"))
            if not files:
                raise BadInput(f"{path} contains no skill card", alternatives=["a folder with .yaml or .json files"])
        else:
            files = [path]
        for file in files:
            try:
                cards.append(_card(read_yaml(file.read_text(), str(file)), str(file)))
            except (OSError, UnicodeDecodeError) as error:
                raise BadInput(f"cannot read the skill card {file}: {error}") from error
    return tuple(cards)


def _card(raw: dict[str, Any], what: str) -> SkillCard:
    version = str(raw.get("version", "missing"))
    if version.split(".")[0] != CARD_VERSION.split(".")[0]:
        raise BadInput(f"{what}: version {version!r}", alternatives=[CARD_VERSION])
    # YAML reads a bare date as one, and 1.0 as a number.
    raw = raw | {"version": version} | ({"measured_on": str(raw["measured_on"])} if "measured_on" in raw else {})
    return parse(SkillCard, raw, what)


def write_card(card: SkillCard, path: Path) -> None:
    """Write a card as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_json(card))


def make_card(
    tries: Tries, *, skill: str, judged_by: str, results: str, measured_on: str, simulated: bool,
    tasks: Sequence[str] = (), conditions: Mapping[str, str | float] | None = None,
) -> SkillCard:  # fmt: skip
    """A card from tries. Raises BadInput when there was none, or none succeeded."""
    if not tries.successes:
        raise BadInput(f"none of {tries.trials} attempts at {skill!r} succeeded: no robot has that skill")
    ordered = sorted(tries.seconds)
    return SkillCard(
        version=CARD_VERSION, skill=skill, trials=tries.trials, successes=tries.successes, judged_by=judged_by,
        results=results, measured_on=measured_on, simulated=simulated, tasks=tuple(tasks),
        mean_s=sum(ordered) / len(ordered) if ordered else None,
        p95_s=ordered[math.ceil(0.95 * len(ordered)) - 1] if ordered else None, conditions=dict(conditions or {}),
    )  # fmt: skip


def read_tries(path: Path, where: Mapping[str, str] | None = None) -> Tries:
    """The tries in a run folder, an event log, a file of tries, or a benchmark's results.

    A run folder or ``.jsonl`` of events: each start of a case in a cell, and the end or verdict that follows. A ``.jsonl`` of
    tries: ``seconds`` (if known) and ``outcome`` or ``ok`` on each line. A benchmark's ``.json``: one row with ``right`` (a
    share) and ``seeds``, and ``seconds`` if there is one.

    Args:
        path: the folder or file.
        where: column or field to the value that it must have.

    Raises:
        BadInput: not such a file, no try in it, or not exactly one row that fits.
    """
    where = where or {}
    path = path / "events.jsonl" if path.is_dir() else path
    if not path.is_file():
        raise BadInput(f"{path} does not exist", alternatives=["a run folder", "events.jsonl", "a benchmark's .json"])
    try:
        if path.suffix == ".json":
            return _from_rows(json.loads(path.read_text()), path, where)
        with path.open() as file:
            head = json.loads(file.readline() or "{}")
        if "case" in head and "kind" in head:
            found = list(_from_events(path, where))
        else:
            lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
            found = [_from_line(one, path) for one in lines if _fits(one, where)]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} contains no results: {error}") from error
    if not found:
        fits = f" with {', '.join(f'{k}={v}' for k, v in where.items())}" if where else ""
        raise BadInput(
            f"{path} contains no attempt{fits}", alternatives=["a run folder", "events.jsonl", "a benchmark's .json"]
        )
    return Tries(
        trials=len(found), successes=sum(ok for ok, _ in found),
        seconds=tuple(s for _, s in found if s is not None) if all(s is not None for _, s in found) else (),
    )  # fmt: skip


def _fits(row: Mapping[str, Any], where: Mapping[str, str]) -> bool:
    return all(str(row.get(name)) == value for name, value in where.items())


def _from_line(one: Mapping[str, Any], path: Path) -> tuple[bool, float | None]:
    outcome = str(one.get("outcome", "right" if one.get("ok") else "wrong" if "ok" in one else ""))
    if outcome not in (*GOOD, *BAD):
        raise BadInput(f"{path}: an attempt with outcome {outcome!r}", alternatives=[*GOOD, *BAD])
    return outcome in GOOD, float(one["seconds"]) if "seconds" in one else None


def _from_events(path: Path, where: Mapping[str, str]) -> Iterator[tuple[bool, float | None]]:
    began: dict[tuple[str, str], float] = {}
    for event in read_events(path):
        row = {"case": event.case, "cell": event.cell, "resource": event.resource}
        if not _fits(row, where):
            continue
        key = event.case, event.cell
        if event.kind == "start":
            began[key] = event.t
        elif event.kind in ("end", "verdict") and key in began:
            start_s = began.pop(key)
            if event.outcome in (*GOOD, *BAD):
                yield event.outcome in GOOD, float(event.data.get("seconds", event.t - start_s))


def _from_rows(content: Any, path: Path, where: Mapping[str, str]) -> Tries:
    rows = content.get("rows", []) if isinstance(content, dict) else []
    rows = [row for row in rows if "right" in row and "seeds" in row]
    fitting = [row for row in rows if _fits(row, where)]
    if len(fitting) != 1:
        named = [", ".join(f"{k}={v}" for k, v in row.items() if isinstance(v, str)) for row in rows]
        raise BadInput(f"{path} contains {len(fitting)} matching rows of results instead of one", alternatives=named)
    trials = int(fitting[0]["seeds"])
    seconds = fitting[0].get("seconds")
    return Tries(
        trials=trials, successes=round(float(fitting[0]["right"]) * trials),
        seconds=(float(seconds),) if seconds is not None else (),
    )  # fmt: skip
