"""Event logs in the shape of six public ones, made here: their sizes, life cycles, people, rare activities, loops and waits, no row
of theirs. A discovered sheet is measured against them (:mod:`benchmarks.company_discovery`), and tests import them.

What each copies in shape: *receipt* (ends alone, many people, most variants seen once, activities seen twice), *BPIC 2012* (schedule,
start, complete and double completes; subprocesses by automata and people; withdrawn at any step), *BPIC 2019* (few people and a robot
user, waits of weeks, many repeats, ends alone), *BPIC 2020* (roles instead of people, approvals with rejections and rounds), *Sepsis*
(a hospital that never closes, laboratory values in any order, ends alone), *Hospital billing* (three quarters of all cases take one
way, waits of months, NULL people).
"""

import csv
import random
from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple

START = datetime(2025, 3, 3, 8)
"""A Monday."""


class Row(NamedTuple):
    """An event as the file has it."""

    case: str
    activity: str
    resource: str
    lifecycle: str
    t: datetime


def office(t: datetime) -> datetime:
    """The same time, or the next opening: Monday to Friday, 8 to 17."""
    while True:
        if t.weekday() > 4 or t.hour >= 17:
            t = (t + timedelta(days=1)).replace(hour=8, minute=0, second=0)
        elif t.hour < 8:
            t = t.replace(hour=8, minute=0, second=0)
        else:
            return t


class Asked(NamedTuple):
    """Work that a case asks a team for. It is answered with (who, begun, ended)."""

    team: str
    ready: datetime
    minutes: float


Case = Generator[Asked, tuple[str, datetime, datetime], None]
"""A case: it asks for work and is answered, and appends its rows as it goes."""


def carried_out(rng: random.Random, cases: list[Case], teams: dict[str, list[str]]) -> None:
    """Every case to its end. Who asks first is served first, by whoever of the team is free first, in the hours of the office."""
    free = {team: dict.fromkeys(names, START) for team, names in teams.items()}
    waiting: list[tuple[datetime, int, Asked, Case]] = []
    for number, case in enumerate(cases):
        asked = next(case, None)
        if asked:
            heappush(waiting, (asked.ready, number, asked, case))
    while waiting:
        ready, number, asked, case = heappop(waiting)
        members = free[asked.team]
        best = min(max(ready, t) for t in members.values())
        who = rng.choice([name for name, t in members.items() if max(ready, t) == best])
        begun = office(best)
        ended = begun + timedelta(minutes=max(0.2, rng.lognormvariate(0, 0.6) * asked.minutes))
        members[who] = ended
        try:
            more = case.send((who, begun, ended))
        except StopIteration:
            continue
        heappush(waiting, (more.ready, number, more, case))


def arrivals(rng: random.Random, count: int, gap_h: float, *, always: bool = False) -> Iterator[datetime]:
    """Poisson, in the open hours of the office or at all times."""
    t = START
    for _ in range(count):
        t += timedelta(hours=rng.expovariate(1 / gap_h))
        if not always:
            while office(t) != t:
                t = office(t) + timedelta(hours=rng.expovariate(1 / gap_h) * 0.2)
        yield t


def receipt(rng: random.Random, number: int, t: datetime, rows: list[Row]) -> Case:
    steps = ["Confirmation of receipt"]
    if rng.random() < 0.08:
        steps = steps[:1]
    else:
        steps += ["T02 Check confirmation of receipt"]
        if rng.random() < 0.06:
            steps += ["T03 Adjust confirmation of receipt", "T02 Check confirmation of receipt"]
        pair = ["T04 Determine confirmation of receipt", "T06 Determine necessity of stop advice"]
        if rng.random() < 0.3:
            pair.reverse()
        steps += (
            [pair[0], "T05 Print and send confirmation of receipt", pair[1]]
            if rng.random() < 0.8
            else [*pair, "T05 Print and send confirmation of receipt"]
        )
        for chance, extra in (
            (0.05, "T07-1 Draft intern advice"),
            (0.03, "T07-5 Draft intern advice aspect 5"),
            (0.002, "T15 Print document X"),
            (0.0015, "T20 Print report Y to stop indication"),
            (0.04, "T07-2 Draft intern advice aspect 1"),
            (0.001, "T18 Adjust report Y"),
        ):
            if rng.random() < chance:
                steps.insert(rng.randint(2, len(steps)), extra)
        if rng.random() < 0.85:
            steps.append("T10 Determine necessity to stop indication")
        elif rng.random() < 0.3:
            steps += [
                "T16 Report reasons to hold request",
                "T17 Check report Y to stop indication",
                "T19 Determine report Y to stop indication",
            ]
    for at, step in enumerate(steps):
        who, _, t = yield Asked("front" if at < 2 else "stop" if "stop" in step else "expert", t, 6)
        rows.append(Row(f"case-{number}", step, who, "complete", t))
        t += timedelta(hours=rng.expovariate(1 / 60) if rng.random() < 0.25 else rng.expovariate(1 / 1.5))


def bpic2012(rng: random.Random, number: int, t: datetime, rows: list[Row]) -> Case:
    case = str(173688 + 3 * number)

    def auto(step: str, t: datetime) -> None:
        rows.append(Row(case, step, "112", "COMPLETE", t))

    def manual(step: str, t: datetime, minutes: float) -> Generator[Asked, tuple[str, datetime, datetime], datetime]:
        rows.append(Row(case, step, "", "SCHEDULE", t))
        who, begun, ended = yield Asked("people", t, minutes)
        rows.append(Row(case, step, who, "START", begun))
        rows.append(Row(case, step, who, "COMPLETE", ended))
        if rng.random() < 0.01:
            rows.append(Row(case, step, who, "COMPLETE", ended + timedelta(minutes=3)))
        return ended

    auto("A_SUBMITTED", t)
    auto("A_PARTLYSUBMITTED", t + timedelta(seconds=1))
    draw = rng.random()
    if draw < 0.26:
        auto("A_DECLINED", t + timedelta(seconds=40))
        return
    t += timedelta(minutes=1)
    if draw < 0.5:
        t = yield from manual("W_Afhandelen leads", t, 8)
        if rng.random() < 0.35:
            auto("A_DECLINED", t)
            return
    auto("A_PREACCEPTED", t)
    gone = False
    for _ in range(1 + int(rng.expovariate(1))):
        t = yield from manual("W_Completeren aanvraag", t + timedelta(hours=rng.expovariate(1 / 12)), 10)
        if rng.random() < 0.12:
            auto(rng.choice(["A_CANCELLED", "A_DECLINED"]), t)
            gone = True
            break
    if gone:
        return
    auto("A_ACCEPTED", t)
    for step in rng.sample(["O_SELECTED", "A_FINALIZED"], 2):
        t += timedelta(seconds=rng.randint(1, 90))
        auto(step, t)
    for step in ("O_CREATED", "O_SENT"):
        t += timedelta(seconds=1)
        auto(step, t)
    for _ in range(1 + int(rng.expovariate(0.8))):
        t = yield from manual("W_Nabellen offertes", t + timedelta(hours=rng.expovariate(1 / 70)), 5)
    draw = rng.random()
    if draw < 0.3:
        auto("O_CANCELLED", t)
        auto("A_CANCELLED", t + timedelta(seconds=1))
        return
    auto("O_SENT_BACK", t)
    t = yield from manual("W_Valideren aanvraag", t + timedelta(hours=rng.expovariate(1 / 30)), 15)
    if rng.random() < 0.02:
        t = yield from manual("W_Beoordelen fraude", t, 20)
    if rng.random() < 0.004:
        t = yield from manual("W_Wijzigen contractgegevens", t, 20)
    if rng.random() < 0.25:
        auto("O_DECLINED", t)
        auto("A_DECLINED", t + timedelta(seconds=1))
        return
    auto("O_ACCEPTED", t)
    for step in rng.sample(["A_APPROVED", "A_REGISTERED", "A_ACTIVATED"], 3):
        auto(step, t + timedelta(seconds=rng.randint(1, 3)))


def bpic2019(rng: random.Random, number: int, t: datetime, rows: list[Row]) -> Case:
    case, robot = f"450700{number:05}_00010", f"batch_{number % 4:02}"
    steps = ["SRM: Created", "SRM: Complete", "SRM: Awaiting Approval"] if rng.random() < 0.03 else []
    if rng.random() < 0.35:
        steps.append("Create Purchase Requisition Item")
    steps.append("Create Purchase Order Item")
    for chance, step in (
        (0.15, "Receive Order Confirmation"),
        (0.1, "Change Quantity"),
        (0.08, "Change Price"),
        (0.01, "Change Delivery Indicator"),
        (0.004, "Block Purchase Order Item"),
        (0.0015, "Change Currency"),
        (0.001, "Release Purchase Requisition"),
    ):
        if rng.random() < chance:
            steps.append(step)
    if rng.random() < 0.05:
        steps.append("Delete Purchase Order Item")
    else:
        body = ["Vendor creates invoice", "Record Goods Receipt"]
        rounds = 1 if rng.random() < 0.85 else rng.randint(2, 6)
        rng.shuffle(body)
        steps += body * rounds
        steps.append("Record Invoice Receipt")
        if rng.random() < 0.2:
            steps.append("Remove Payment Block")
        if rng.random() < 0.8:
            steps.append("Clear Invoice")
    for step in steps:
        days = {
            "Vendor creates invoice": 6,
            "Record Goods Receipt": 12,
            "Record Invoice Receipt": 8,
            "Clear Invoice": 30,
            "Remove Payment Block": 9,
        }.get(step, 0.4)
        t += timedelta(days=rng.lognormvariate(0, 0.8) * days)
        if step in ("Vendor creates invoice", "Clear Invoice"):
            rows.append(Row(case, step, "NONE" if step[0] == "V" else robot, "complete", t))
            continue
        who, _, t = yield Asked("buyers", t, 4)
        rows.append(Row(case, step, who, "complete", t))


def bpic2020(rng: random.Random, number: int, t: datetime, rows: list[Row]) -> Case:
    """No team: waits alone. Times are those of a day, as in the original: hours matter little, days much."""
    yield from ()
    case = f"travel permit {number}"
    steps = [("Permit SUBMITTED by EMPLOYEE", "STAFF MEMBER", 0)]
    for _ in range(1 + (rng.random() < 0.06)):
        steps.append(("Permit APPROVED by ADMINISTRATION", "STAFF MEMBER", 1))
        if rng.random() < 0.06:
            steps += [
                ("Permit REJECTED by ADMINISTRATION", "STAFF MEMBER", 1),
                ("Permit REJECTED by EMPLOYEE", "STAFF MEMBER", 1),
                ("Permit SUBMITTED by EMPLOYEE", "STAFF MEMBER", 2),
            ]
    if rng.random() < 0.2:
        steps.append(("Permit APPROVED by BUDGET OWNER", "STAFF MEMBER", 2))
    steps.append(("Permit FINAL_APPROVED by SUPERVISOR", "STAFF MEMBER", 3))
    if rng.random() < 0.003:
        steps.append(("Permit REJECTED by MISSING", "STAFF MEMBER", 1))
    trip = [("Start trip", "STAFF MEMBER", 25), ("End trip", "STAFF MEMBER", 5)]
    if rng.random() < 0.2:
        steps, trip = [*trip, *steps], []
    steps += trip
    if rng.random() < 0.25:
        steps.append(("Send Reminder", "SYSTEM", 30))
    for _ in range(1 + (rng.random() < 0.12)):
        steps += [
            ("Declaration SUBMITTED by EMPLOYEE", "STAFF MEMBER", 8),
            ("Declaration APPROVED by ADMINISTRATION", "STAFF MEMBER", 1),
            ("Declaration FINAL_APPROVED by SUPERVISOR", "STAFF MEMBER", 2),
        ]
        steps += [("Request Payment", "SYSTEM", 1), ("Payment Handled", "SYSTEM", 4)]
    if rng.random() < 0.002:
        steps.append(("Declaration SAVED by EMPLOYEE", "STAFF MEMBER", 1))
    for step, who, days in steps:
        days = days if len(rows) and rows[-1].case == case else 0
        t += timedelta(days=rng.lognormvariate(-0.2, 0.6) * days, seconds=rng.randint(1, 900))
        if who != "SYSTEM":
            t = office(t)
        rows.append(Row(case, step, who, "complete", t))


def sepsis(rng: random.Random, number: int, t: datetime, rows: list[Row]) -> Case:
    yield from ()
    case = f"case {number}"
    rows.append(Row(case, "ER Registration", "A", "complete", t))
    front = ["ER Triage", "ER Sepsis Triage"]
    rng.shuffle(front)
    for step in front:
        t += timedelta(minutes=rng.expovariate(1 / 8))
        rows.append(Row(case, step, "C" if step == "ER Triage" else "A", "complete", t))
    tests = ["Leucocytes", "CRP"] + ["LacticAcid"] * (rng.random() < 0.8)
    rng.shuffle(tests)
    for step in tests:
        t += timedelta(minutes=rng.expovariate(1 / 12))
        rows.append(Row(case, step, "B", "complete", t))
    if rng.random() < 0.8:
        for step in ("IV Liquid", "IV Antibiotics"):
            t += timedelta(minutes=rng.expovariate(1 / 50))
            rows.append(Row(case, step, "A", "complete", t))
    if rng.random() < 0.2:
        if rng.random() < 0.5:
            rows.append(Row(case, "Release E", "?", "complete", t + timedelta(hours=1)))
        return
    t += timedelta(hours=rng.expovariate(1 / 2))
    if rng.random() < 0.1:
        rows.append(Row(case, "Admission IC", "J", "complete", t))
    rows.append(Row(case, "Admission NC", f"ward {number % 9}", "complete", t + timedelta(minutes=20)))
    for _ in range(int(rng.expovariate(1 / 3.5))):
        for step in rng.sample(["Leucocytes", "CRP"], rng.randint(1, 2)):
            t += timedelta(hours=rng.expovariate(1 / 20))
            rows.append(Row(case, step, "B", "complete", t))
    t += timedelta(hours=rng.expovariate(1 / 40))
    rows.append(
        Row(
            case,
            rng.choices(["Release A", "Release B", "Release C", "Release D"], [80, 6, 3, 0.6])[0],
            "E",
            "complete",
            t,
        )
    )
    if rng.random() < 0.28:
        rows.append(Row(case, "Return ER", "?", "complete", t + timedelta(days=rng.expovariate(1 / 50))))


def hospital_billing(rng: random.Random, number: int, t: datetime, rows: list[Row]) -> Case:
    case, steps = f"bill {number}", [("NEW", 0.0, "")]
    draw = rng.random()
    if draw < 0.18:
        pass
    elif draw < 0.22:
        steps.append(("DELETE", 40, "x"))
    elif draw < 0.3:
        steps += [
            ("FIN", 80, ""),
            ("CODE NOK", 8, "x"),
            ("REJECT", 30, "x"),
            ("RELEASE", 5, "x"),
            ("CODE OK", 2, "x"),
            ("BILLED", 6, ""),
        ]
    else:
        steps += [("CHANGE DIAGN", 10, "x")] * (rng.random() < 0.4)
        steps += [("FIN", 90, ""), ("RELEASE", 6, ""), ("CODE OK", 4, "x")]
        if rng.random() < 0.08:
            steps += [("REOPEN", 10, "x"), ("FIN", 20, ""), ("RELEASE", 5, ""), ("CODE OK", 4, "x")]
        steps += [("BILLED", 7, "")]
        if rng.random() < 0.02:
            steps += [("STORNO", 30, "x"), ("REJECT", 5, "x"), ("BILLED", 20, "")]
    for chance, rare in ((0.002, "SET STATUS"), (0.001, "EMPTY"), (0.001, "JOIN-PAT"), (0.0015, "ZDBC_BEHAN")):
        if rng.random() < chance:
            steps.append((rare, 3, "x"))
    for step, days, who in steps:
        t += timedelta(days=rng.lognormvariate(-0.1, 0.5) * days)
        name = ""
        if who:
            name, _, t = yield Asked("clerks", t, 5)
        rows.append(Row(case, step, name or "NULL", "complete", t))


class Shape(NamedTuple):
    """How a log of a kind is made."""

    case: Callable[[random.Random, int, datetime, list[Row]], Case]
    cases: int
    gap_h: float
    """Mean hours between cases, of those of the office unless they come at all times."""
    always: bool
    teams: dict[str, list[str]]


SHAPES = {
    "receipt": Shape(receipt, 1434, 1.4, False, {name: [f"{name} {i}" for i in range(n)] for name, n in (("front", 8), ("expert", 12), ("stop", 6))}),
    "BPIC 2012": Shape(bpic2012, 1500, 0.35, False, {"people": [str(10000 + 7 * i) for i in range(30)]}),
    "BPIC 2019": Shape(bpic2019, 1600, 2.0, False, {"buyers": [f"user_{i:03}" for i in range(40)]}),
    "BPIC 2020": Shape(bpic2020, 1500, 1.5, False, {}),
    "Sepsis": Shape(sepsis, 1050, 9.0, True, {}),
    "Hospital billing": Shape(hospital_billing, 2000, 6.0, True, {"clerks": [f"Res{chr(65 + i)}" for i in range(20)]}),
}  # fmt: skip


def write_log(shape: str, folder: Path, *, seed: int = 0, share: float = 1.0) -> Path:
    """A log of the shape as CSV, of the first ``share`` of its cases."""
    rng, made, rows = random.Random(f"{shape} {seed}"), SHAPES[shape], list[Row]()
    begins = arrivals(rng, made.cases, made.gap_h, always=made.always)
    carried_out(rng, [made.case(rng, number, t, rows) for number, t in enumerate(begins)], made.teams)
    rows.sort(key=lambda row: row.t)
    cases = list(dict.fromkeys(row.case for row in rows))
    chosen = set(cases[: max(2, int(share * len(cases)))])
    path = folder / f"{shape.replace(' ', '-').lower()}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case:concept:name", "concept:name", "org:resource", "lifecycle:transition", "time:timestamp"])
        for row in rows:
            if row.case in chosen:
                writer.writerow(
                    [
                        row.case,
                        row.activity,
                        row.resource,
                        row.lifecycle,
                        row.t.isoformat(sep=" ", timespec="milliseconds"),
                    ]
                )
    return path
