"""Jobs in windows of their own: Tk, two programs side by side, a terminal, GTK."""

import ctypes.util
import importlib.util
import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.jobs.desktop import DesktopProgram, Window
from benchmarks.jobs.job import JobKind, insert_rows, one_slot
from benchmarks.jobs.judge import Asked, RowChange
from benchmarks.jobs.server import Sheet
from benchmarks.jobs.steps import Fill, FillByKeys, Keys, Open, Press, Step, holds, page_is
from benchmarks.jobs.words import COMPANIES, FIRST, GOODS, LAST, person
from crewless.core.messages import Action

_PROGRAMS = Path(__file__).parent / "programs"
_SYSTEM_PYTHON = "/usr/bin/python3"
"""GTK's bindings are the system's."""


def _script(name: str) -> str:
    return str(_PROGRAMS / f"{name}.py")


def _lacks_tk() -> str:
    return "" if importlib.util.find_spec("tkinter") else "this Python has no tkinter"


def _lacks_xterm() -> str:
    return "" if shutil.which("xterm") else "xterm is not installed"


def _lacks_gtk() -> str:
    if not Path(_SYSTEM_PYTHON).exists():
        return f"there is no {_SYSTEM_PYTHON}"
    probe = "import gi; gi.require_version('Gtk', '3.0'); from gi.repository import Gtk"
    found = subprocess.run([_SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False)
    return "" if found.returncode == 0 else "GTK 3 for Python is not installed (python3-gi, gir1.2-gtk-3.0)"


# tk_goods_in


def _make_delivery(chance: random.Random, number: int) -> Sheet:
    ordered = chance.randint(10, 240)
    counted = ordered if chance.random() < 0.5 else ordered - chance.randint(1, 9)
    broken = chance.choice((0, 0, chance.randint(1, 6)))
    return {
        "id": f"DL-{900 + 3 * number}",
        "supplier": chance.choice(COMPANIES),
        "article": chance.choice(GOODS),
        "ordered": str(ordered),
        "counted": str(counted),
        "broken": str(broken),
        "shelf": chance.choice(("A1", "A2", "B1", "B2", "C1", "C2", "Yard")),
    }


def _delivery(sheet: Sheet) -> dict[str, str | bool]:
    return {
        "good": str(int(sheet["counted"]) - int(sheet["broken"])),
        "bad": sheet["broken"],
        "shelf": sheet["shelf"],
        "complete": sheet["counted"] == sheet["ordered"],
    }


def _delivery_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Fill(values=_delivery(sheet)),
        Press(name="book", until=page_is(f"booked {sheet['id']}")),
    ]


def _delivery_asked(sheet: Sheet) -> Asked:
    wanted = _delivery(sheet)
    values = {
        "booked_good": wanted["good"], "booked_bad": wanted["bad"], "booked_shelf": wanted["shelf"], "complete": int(wanted["complete"]),
    }  # fmt: skip
    return Asked(changes=(RowChange(table="delivery", where={"id": sheet["id"]}, values=values),))


TK_GOODS_IN = JobKind(
    name="tk_goods_in",
    what="book a delivery: good pieces are the counted less the broken ones, complete when as many were counted as ordered",
    program=DesktopProgram(
        schema="""CREATE TABLE delivery (id TEXT PRIMARY KEY, supplier, article, ordered, counted, broken, shelf,
            booked_good, booked_bad, booked_shelf, complete);""",
        fill=insert_rows("delivery", "id", "supplier", "article", "ordered", "counted", "broken", "shelf"),
        windows=(Window(argv=("{python}", _script("goods_in"), "{database}", "{state}")),),
    ),
    make=_make_delivery,
    slots=one_slot("delivery"),
    script=_delivery_script,
    asked=_delivery_asked,
    lacks=_lacks_tk,
)

# copy_between

_TOWNS = (
    "Ashford",
    "Brenton",
    "Calder",
    "Dunmore",
    "Elstow",
    "Farnham",
    "Gresham",
    "Hadley",
    "Ilford",
    "Kelso",
    "Ludlow",
    "Marston",
)
_STREETS = (
    "Mill Lane",
    "High Street",
    "Station Road",
    "Park Avenue",
    "Church Hill",
    "Victoria Road",
    "Canal Walk",
    "Elm Grove",
)


def _make_order(chance: random.Random, number: int) -> Sheet:
    return {
        "id": f"OR-{4400 + 5 * number}",
        "customer": f"{chance.choice(LAST)}, {chance.choice(FIRST)}",
        "street": f"{chance.choice(_STREETS)} {chance.randint(1, 180)}",
        "city": f"{chance.randint(10000, 98999)} {chance.choice(_TOWNS)}",
        "item": chance.choice(GOODS),
        "grams": f"{chance.randrange(250, 19000, 250)} g",
    }


def _label(sheet: Sheet) -> dict[str, str]:
    last, first = sheet["customer"].split(", ")
    postcode, place = sheet["city"].split(" ", 1)
    return {
        "recipient": f"{first} {last}", "address": sheet["street"], "postcode": postcode, "place": place,
        "kilos": f"{int(sheet['grams'].split()[0]) / 1000:.2f}",
    }  # fmt: skip


def _order_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], until=holds("shown", sheet["id"])),
        Fill(values=_label(sheet)),
        Press(name="make", until=holds("recipient", "")),
    ]


COPY_BETWEEN = JobKind(
    name="copy_between",
    what="copy an order from one program into the label form of another: name turned round, town split, grams to kilos",
    program=DesktopProgram(
        schema="""CREATE TABLE orders (id TEXT PRIMARY KEY, customer, street, city, item, grams);
            CREATE TABLE label (id INTEGER PRIMARY KEY, recipient, address, postcode, place, kilos);""",
        fill=insert_rows("orders", "id", "customer", "street", "city", "item", "grams"),
        windows=(
            Window(argv=("{python}", _script("orders"), "{database}", "{state}"), state="orders"),
            Window(argv=("{python}", _script("shipping"), "{database}", "{state}"), state="shipping"),
        ),
    ),
    make=_make_order,
    slots=one_slot("order"),
    script=_order_script,
    asked=lambda sheet: Asked(changes=(RowChange(table="label", values=_label(sheet)),)),
    lacks=_lacks_tk,
)

# terminal_form


def _make_meter(chance: random.Random, number: int) -> Sheet:
    last = chance.randint(1200, 88000)
    return {
        "id": f"M{10500 + 7 * number}",
        "customer": person(chance),
        "place": f"{chance.choice(_STREETS)} {chance.randint(1, 99)}",
        "last": str(last),
        "reported": str(last + chance.randint(40, 3900)),
        "source": chance.choice(("customer", "estimate")),
    }


def _meter(sheet: Sheet) -> dict[str, str]:
    return {
        "reading": sheet["reported"],
        "used": str(int(sheet["reported"]) - int(sheet["last"])),
        "code": "A" if sheet["source"] == "customer" else "E",
    }


def _meter_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        FillByKeys(values=_meter(sheet)),
        Keys(actions=[Action(verb="key", text="F2")], until=page_is(f"Meter {sheet['id']} was saved")),
    ]


TERMINAL_FORM = JobKind(
    name="terminal_form",
    what="enter a meter reading in a terminal: the reading, what was used since the last one, and a code",
    program=DesktopProgram(
        schema="CREATE TABLE meter (id TEXT PRIMARY KEY, customer, place, last, reported, source, reading, used, code);",
        fill=insert_rows("meter", "id", "customer", "place", "last", "reported", "source"),
        windows=(
            Window(
                argv=(
                    "xterm", "-fa", "DejaVu Sans Mono", "-fs", "14", "-geometry", "80x24+100+60", "-T", "Meters", "-e",
                    "{python}", _script("meters"), "{database}", "{state}",
                )
            ),
        ),
    ),
    make=_make_meter,
    slots=one_slot("meter"),
    script=_meter_script,
    asked=lambda sheet: Asked(changes=(RowChange(table="meter", where={"id": sheet["id"]}, values=_meter(sheet)),)),
    lacks=_lacks_xterm,
)  # fmt: skip

# gtk_members

SENIOR_BEFORE = 1961


def _make_member(chance: random.Random, number: int) -> Sheet:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    born = chance.randint(1938, 1957) if chance.random() < 0.5 else chance.randint(1964, 2004)
    return {
        "id": f"MB-{2600 + 3 * number}",
        "name": f"{first} {last}",
        "born": f"{chance.randint(1, 28):02d}.{chance.randint(1, 12):02d}.{born}",
        "mail": f"{first}.{last}@{chance.choice(('example.com', 'example.org', 'example.net'))}".lower(),
        "plan": chance.choice(("Basic", "Silver", "Gold", "Family")),
        "pays": chance.choice(("Card", "Direct debit", "Cash")),
        "year": born,
    }


def _member_script(sheet: Sheet) -> Sequence[Step]:
    values = {
        "contact": sheet["mail"], "plan": sheet["plan"], f"pays:{sheet['pays']}": True, "senior": sheet["year"] < SENIOR_BEFORE
    }  # fmt: skip
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Fill(values=values),
        Press(name="renew", until=page_is(f"renewed {sheet['id']}")),
    ]


def _member_asked(sheet: Sheet) -> Asked:
    values = {
        "contact": sheet["mail"], "new_plan": sheet["plan"], "payment": sheet["pays"], "senior": int(sheet["year"] < SENIOR_BEFORE),
    }  # fmt: skip
    return Asked(changes=(RowChange(table="member", where={"id": sheet["id"]}, values=values),))


GTK_MEMBERS = JobKind(
    name="gtk_members",
    what="renew a membership: contact, plan, payment, and a box for those who were born before a year",
    program=DesktopProgram(
        schema="""CREATE TABLE member (id TEXT PRIMARY KEY, name, born, mail, plan, pays, contact, new_plan, payment, senior);""",
        fill=insert_rows("member", "id", "name", "born", "mail", "plan", "pays"),
        windows=(Window(argv=(_SYSTEM_PYTHON, _script("members"), "{database}", "{state}")),),
    ),
    make=_make_member,
    slots=one_slot("member"),
    script=_member_script,
    asked=_member_asked,
    lacks=_lacks_gtk,
)

# qt_leave

_QT_NEEDS = ("xcb-cursor", "xcb-icccm", "xcb-keysyms", "xkbcommon-x11")


def _lacks_qt() -> str:
    if importlib.util.find_spec("PySide6") is None:
        return "PySide6 is not installed (pip install PySide6-Essentials)"
    missing = [f"lib{name}" for name in _QT_NEEDS if ctypes.util.find_library(name) is None]
    return f"Qt lacks {', '.join(missing)} of the system" if missing else ""


def _make_request(chance: random.Random, number: int) -> Sheet:
    left = chance.randint(1, 28)
    days = chance.randint(1, left) if left > 20 or chance.random() < 0.5 else chance.randint(left + 1, left + 12)
    return {
        "id": f"LV-{5500 + 3 * number}",
        "employee": person(chance),
        "kind": chance.choice(("Vacation", "Moving house", "Wedding", "Training")),
        "days": str(days),
        "left_days": str(left),
        "decision": "approved" if days <= left else "refused",
    }


def _request_script(sheet: Sheet) -> Sequence[Step]:
    button = "approve" if sheet["decision"] == "approved" else "refuse"
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Fill(values={"kind": sheet["kind"], "days": sheet["days"]}),
        Press(name=button, until=page_is(f"{sheet['decision']} {sheet['id']}")),
    ]


def _request_asked(sheet: Sheet) -> Asked:
    values = {"booked_kind": sheet["kind"], "booked_days": int(sheet["days"]), "decision": sheet["decision"]}
    return Asked(changes=(RowChange(table="request", where={"id": sheet["id"]}, values=values),))


QT_LEAVE = JobKind(
    name="qt_leave",
    what="decide a request for leave: kind and days, then one of two buttons, as the days left allow",
    program=DesktopProgram(
        schema="CREATE TABLE request (id TEXT PRIMARY KEY, employee, kind, days, left_days, booked_kind, booked_days, decision);",
        fill=insert_rows("request", "id", "employee", "kind", "days", "left_days"),
        windows=(Window(argv=("{python}", _script("leave"), "{database}", "{state}")),),
    ),
    make=_make_request,
    slots=one_slot("request"),
    script=_request_script,
    asked=_request_asked,
    lacks=_lacks_qt,
)
