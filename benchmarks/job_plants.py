"""Plants actions that nothing explains into recordings, and counts how many of them learning shows before work begins.

    python -m benchmarks.job_plants --folder DIR [--jobs invoice_entry,wizard,...] [--plants 50]

A plant is put into one demonstration of twenty, or into three of them, in turn: another text than the one that was typed, a press on
something that no other demonstration presses, a key chord, a box set the other way. It is shown when the case stands among the
problems of the account that ``crewless train`` prints. The screens stay as they were recorded.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.jobs.bench import record
from benchmarks.jobs.suite import job_named
from benchmarks.report import report
from crewless.core.messages import Action, Demonstration
from crewless.training.learn_job import learn_job
from crewless.work.learning import read_recordings

JOBS = ("invoice_entry", "search_update", "gtk_members", "terminal_form", "wizard")
KINDS = ("text", "press", "key", "toggle")
_CHORDS = ("ctrl+s", "F5", "alt+Left", "ctrl+Return", "F9")


def main(argv: Sequence[str] | None = None) -> int:
    """Plant, learn, count."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.job_plants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where recordings are, or go")
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--plants", type=int, default=50)
    options = parser.parse_args(argv)
    chance = random.Random("plants")
    jobs = [job_named(name) for name in options.jobs.split(",")]
    rows: list[dict[str, Any]] = []
    for number, job in enumerate(jobs):
        found = read_recordings([record(job, "scripted", 20, options.folder)])[:20]
        usual = {case for case, _ in learn_job(found).account.problems}
        share = range(number, options.plants, len(jobs))
        for at in share:
            many = 3 if at % 2 else 1
            kind, planted = _planted(found, many, usual, chance, KINDS[at // len(jobs) % len(KINDS)])
            account = learn_job(planted).account
            own = {d.case.id for d, before in zip(planted, found, strict=True) if d is not before}
            shown = own & {case for case, _ in account.problems}
            rows.append({"job": job.name, "kind": kind, "in": many, "planted": len(own), "shown": len(shown)})
            print(rows[-1], flush=True)
    whole = [
        {
            "kind": kind, "plants": len(own), "actions": sum(row["planted"] for row in own), "shown": sum(row["shown"] for row in own),
        }
        for kind in KINDS if (own := [row for row in rows if row["kind"] == kind])
    ]  # fmt: skip
    total, shown = sum(row["actions"] for row in whole), sum(row["shown"] for row in whole)
    report(
        "job_plants",
        whole,
        ("kind", "plants", "actions", "shown"),
        [f"{len(rows)} plants, {total} planted actions, {shown} shown before work begins ({shown / total:.0%})"],
    )
    return 0


def _planted(
    found: Sequence[Demonstration], many: int, usual: set[str], chance: random.Random, kind: str
) -> tuple[str, list[Demonstration]]:
    """The demonstrations with a plant in as many of them, and its kind: another one where the job has nothing of the kind."""
    for wanted in (kind, *KINDS):
        able = [
            at for at, d in enumerate(found) if d.case.id not in usual and _with(d, found, wanted, random.Random(0)) is not None
        ]  # fmt: skip
        if len(able) >= many:
            out = list(found)
            for at in chance.sample(able, many):
                made = _with(found[at], found, wanted, chance)
                assert made is not None
                out[at] = made
            return wanted, out
    raise AssertionError("every job presses something")


def _with(d: Demonstration, others: Sequence[Demonstration], kind: str, chance: random.Random) -> Demonstration | None:
    """A demonstration with a plant; None where it has no place for one of this kind."""
    steps = list(d.steps)
    if kind == "text":
        typed = [
            at
            for at, (_, action) in enumerate(steps)
            if action.verb == "type" and action.text not in d.case.slots.values()
        ]
        if not typed:
            return None
        at = chance.choice(typed)
        words = "".join(chance.choice("bdfgklmnprst") + chance.choice("aeiou") for _ in range(4))
        steps[at] = steps[at][0], replace(steps[at][1], text=f"{words} {chance.randint(100, 999)}")
        return replace(d, steps=tuple(steps))
    begun = next((at for at, (_, action) in enumerate(steps) if action.verb == "key"), 0) + 1
    places = range(min(begun, len(steps) - 1), len(steps))
    if kind == "key":
        at = chance.choice(places)
        steps.insert(at, (steps[at][0], Action(verb="key", text=chance.choice(_CHORDS))))
        return replace(d, steps=tuple(steps))
    kinds = ("button", "link") if kind == "press" else ("checkbox",)
    pressed = {_text(other, at) for other in others for at in range(len(other.steps))}
    free = [
        (at, index) for at in places for index, e in enumerate(steps[at][0].elements)
        if e.kind in kinds and (kind == "toggle" or (e.text and e.text not in pressed))
        and not (kind == "toggle" and any(e.text == _text(d, k) for k in range(len(steps))))
    ]  # fmt: skip
    if not free:
        return None
    at, index = chance.choice(free)
    seen = steps[at][0]
    click = Action(verb="click", point=seen.elements[index].box.centre, element=index)
    if kind == "press":
        steps.insert(at, (seen, click))
        return replace(d, steps=tuple(steps))
    # The box is as it would be from then on.
    old = seen.elements[index]
    steps.insert(at, (seen, click))
    for later in range(at + 1, len(steps)):
        screen, action = steps[later]
        steps[later] = (
            replace(screen, elements=tuple(replace(e, state=e.state ^ {"checked"}) if _same(e, old) else e for e in screen.elements)),
            action,
        )  # fmt: skip
    return replace(d, steps=tuple(steps))


def _same(a: Any, b: Any) -> bool:
    return a.kind == b.kind and a.text == b.text


def _text(d: Demonstration, at: int) -> str:
    seen, action = d.steps[at]
    if action.verb != "click" or action.point is None:
        return ""
    hits = [e for e in seen.elements if e.box.contains(action.point)]
    return hits[-1].text if hits else ""


if __name__ == "__main__":
    raise SystemExit(main())
