"""Triage: three judgements about what a customer wrote. The texts are Banking77's, read where that data set lies."""

import csv
import functools
import os
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.jobs.job import JobKind, insert_rows, one_slot
from benchmarks.jobs.judge import Asked, RowChange
from benchmarks.jobs.pages import esc
from benchmarks.jobs.server import Answer, PageRequest, Redirect, Sheet, WebProgram
from benchmarks.jobs.steps import Fill, Open, Press, Step, page_is
from benchmarks.jobs.words import person

DATA_VARIABLE = "CREWLESS_BANKING77"
"""Names the folder with ``train.csv``; without it ``shared/data/banking77`` beside the project is looked into."""
TEAMS = ("Cards", "Payments", "Transfers", "Top-up", "Account")
URGENCIES = ("high", "normal")
WISHES = ("Explain", "Fix", "Do")

# What each category stands for: who answers it, whether somebody loses money or access meanwhile, and what is wanted.
_CARDS = {
    "card_arrival": ("normal", "Explain"), "card_delivery_estimate": ("normal", "Explain"), "order_physical_card": ("normal", "Do"),
    "lost_or_stolen_card": ("high", "Do"), "compromised_card": ("high", "Do"), "card_not_working": ("normal", "Fix"),
    "contactless_not_working": ("normal", "Fix"), "card_swallowed": ("high", "Fix"), "getting_virtual_card": ("normal", "Do"),
}  # fmt: skip
_PAYMENTS = {
    "declined_card_payment": ("normal", "Fix"), "pending_card_payment": ("normal", "Explain"), "card_payment_fee_charged": ("normal", "Explain"),
    "card_payment_not_recognised": ("high", "Fix"), "transaction_charged_twice": ("high", "Fix"), "request_refund": ("normal", "Do"),
}  # fmt: skip
_TRANSFERS = {
    "cancel_transfer": ("high", "Do"), "failed_transfer": ("normal", "Fix"), "pending_transfer": ("normal", "Explain"),
    "transfer_fee_charged": ("normal", "Explain"), "transfer_timing": ("normal", "Explain"), "declined_transfer": ("normal", "Fix"),
}  # fmt: skip
_TOP_UP = {
    "top_up_failed": ("normal", "Fix"), "pending_top_up": ("normal", "Explain"), "top_up_limits": ("normal", "Explain"),
    "automatic_top_up": ("normal", "Explain"), "top_up_by_card_charge": ("normal", "Explain"), "top_up_reverted": ("normal", "Fix"),
}  # fmt: skip
_ACCOUNT = {
    "passcode_forgotten": ("high", "Fix"), "pin_blocked": ("high", "Fix"), "change_pin": ("normal", "Do"), "edit_personal_details": ("normal", "Do"),
    "terminate_account": ("normal", "Do"), "lost_or_stolen_phone": ("high", "Do"), "age_limit": ("normal", "Explain"),
    "country_support": ("normal", "Explain"),
}  # fmt: skip
JUDGED: Mapping[str, tuple[str, str, str]] = {
    category: (team, *rest)
    for team, categories in zip(TEAMS, (_CARDS, _PAYMENTS, _TRANSFERS, _TOP_UP, _ACCOUNT), strict=True)
    for category, rest in categories.items()
}
"""Category to team, urgency and wish."""


def data_file() -> Path:
    """Where the texts are, or would be."""
    folder = os.environ.get(DATA_VARIABLE)
    beside = Path(__file__).resolve().parents[3] / "shared" / "data" / "banking77"
    return (Path(folder) if folder else beside) / "train.csv"


def _lacks() -> str:
    path = data_file()
    return "" if path.exists() else f"Banking77's train.csv is not there; {DATA_VARIABLE} may name its folder"


@functools.cache
def _texts(path: Path) -> tuple[tuple[str, str], ...]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(" ".join(row["text"].split()), row["category"]) for row in csv.DictReader(file)]
    # Long ones are a matter of scrolling, which other jobs are about.
    return tuple((text, category) for text, category in rows if category in JUDGED and len(text) <= 200)


@functools.cache
def _dealt(path: Path, seed: str) -> tuple[tuple[str, str], ...]:
    return tuple(random.Random(seed).sample(_texts(path), 300))


def _make_ticket(chance: random.Random, number: int) -> Sheet:
    if _lacks():
        text, category = "", "card_arrival"
    else:
        text, category = _dealt(data_file(), "triage")[number]
    team, urgency, wish = JUDGED[category]
    return {
        "id": f"TK-{8000 + 3 * number}", "customer": person(chance), "text": text, "team": team, "urgency": urgency, "wish": wish,
    }  # fmt: skip


def _ticket(visit: PageRequest) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Tickets"), ui.card("<p>" + ui.t("Number") + ": TK-...</p>"))
        case "GET", ("case", number):
            row = visit.row("SELECT * FROM ticket WHERE id = ?", number)
            if row["team"] is not None:
                return ui.page(
                    f"sorted {number}", f"Ticket {number}", ui.note(f"Ticket {number} is with {row['team']}.")
                )
            card = ui.card(ui.facts([("Customer", row["customer"])]), f"<p>{esc(row['text'])}</p>")
            form = ui.form(
                "/save",
                ui.select("team", "Team", TEAMS),
                ui.radios("urgency", "Urgency", URGENCIES),
                ui.select("wish", "Wish", WISHES),
                ui.button("save", "Save"),
            )
            return ui.page(f"case {number}", f"Ticket {number}", card, form)
        case "POST", ("save",):
            sql = "UPDATE ticket SET team = ?, urgency = ?, wish = ? WHERE id = ?"
            names = ("team", "urgency", "wish", "case")
            visit.write("ticket", (sql, tuple(visit.value(name) for name in names)))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


def _ticket_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Fill(values={"team": sheet["team"], f"urgency:{sheet['urgency']}": True, "wish": sheet["wish"]}),
        Press(name="save", until=page_is(f"sorted {sheet['id']}")),
    ]


TRIAGE = JobKind(
    name="triage",
    what="judge what a customer wrote: the team, the urgency, and what is wanted",
    program=WebProgram(
        title="Tickets",
        look="bootstrap",
        schema="CREATE TABLE ticket (id TEXT PRIMARY KEY, customer, text, team, urgency, wish);",
        fill=insert_rows("ticket", "id", "customer", "text"),
        serve=_ticket,
    ),
    make=_make_ticket,
    slots=one_slot("ticket"),
    script=_ticket_script,
    asked=lambda sheet: Asked(
        changes=(
            RowChange(
                table="ticket",
                where={"id": sheet["id"]},
                values={name: sheet[name] for name in ("team", "urgency", "wish")},
            ),
        )
    ),
    judged=True,
    lacks=_lacks,
)
