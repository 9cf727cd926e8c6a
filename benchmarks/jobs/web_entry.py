"""Jobs of entering what stands somewhere else: a document into a form, and boxes that depend on what was read."""

import random
from collections.abc import Sequence

from benchmarks.jobs.job import Job, insert_rows, one_slot
from benchmarks.jobs.judge import Asked, RowChange
from benchmarks.jobs.server import Answer, Redirect, Sheet, Visit, WebProgram
from benchmarks.jobs.steps import Fill, Open, Press, Step, page_is
from benchmarks.jobs.words import COMPANIES, GOODS, day, long_date, money, person

# invoice_entry


def _make_invoice(chance: random.Random, number: int) -> Sheet:
    issued = day(chance, -70, -1)
    return {
        "id": f"INV-{2000 + 7 * number}",
        "supplier": chance.choice(COMPANIES),
        "their_number": f"{chance.choice('ABKRT')}{chance.randint(10000, 99999)}",
        "issued": long_date(issued),
        "iso": issued.isoformat(),
        "total": f"EUR {money(chance.randint(900, 480000))}",
        "reference": f"CC-{chance.randint(1000, 9999)}",
        "terms": f"{chance.choice((10, 14, 30, 45, 60))} days net",
    }


def _invoice(visit: Visit) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Invoices"), ui.card("<p>" + ui.t("Number") + ": INV-...</p>"))
        case "GET", ("case", number):
            row = visit.row("SELECT * FROM document WHERE id = ?", number)
            facts = [
                ("Supplier", row["supplier"]), ("Invoice no.", row["their_number"]), ("Issued", row["issued"]),
                ("Your reference", row["reference"]), ("Terms", row["terms"]), ("Total due", row["total"]),
            ]  # fmt: skip
            new = ui.link("new", "New entry", f"/entry/{number}")
            return ui.page(f"case {number}", f"{ui.t('Document')} {number}", ui.card(ui.facts(facts)), new)
        case "GET", ("entry", number):
            ui.case = number
            fields = (
                ui.text("vendor", "Vendor name"), ui.text("document", "Document"), ui.text("posted", "Posting date"),
                ui.text("gross", "Gross amount"), ui.text("centre", "Cost centre"), ui.text("days", "Days to pay"),
            )  # fmt: skip
            return ui.page("entry", ui.t("New entry"), ui.form("/save", *fields, ui.button("save", "Save")))
        case "POST", ("save",):
            names = ("vendor", "document", "posted", "gross", "centre", "days")
            values = tuple(visit.value(name) for name in names)
            visit.write("entry", (f"INSERT INTO entry ({', '.join(names)}) VALUES (?, ?, ?, ?, ?, ?)", values))
            return Redirect(to=f"/saved/{visit.row('SELECT max(id) AS id FROM entry')['id']}")
        case "GET", ("saved", number):
            row = visit.row("SELECT * FROM entry WHERE id = ?", number)
            facts = ui.facts([("Vendor name", row["vendor"]), ("Document", row["document"])])
            return ui.page("saved", f"Entry {number}", ui.note(f"Entry {number} was saved."), facts)
    raise LookupError(visit.path)


def _invoice_values(sheet: Sheet) -> dict[str, str]:
    return {
        "vendor": sheet["supplier"], "document": sheet["their_number"], "posted": sheet["iso"],
        "gross": sheet["total"].removeprefix("EUR ").replace(",", ""), "centre": sheet["reference"].removeprefix("CC-"),
        "days": sheet["terms"].split()[0],
    }  # fmt: skip


def _invoice_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Press(name="new", until=page_is("entry")),
        Fill(values=_invoice_values(sheet)),
        Press(name="save", until=page_is("saved")),
    ]


INVOICE_ENTRY = Job(
    name="invoice_entry",
    what="copy six fields of a document into a form with other names; date, amount and terms in other formats",
    program=WebProgram(
        title="Invoices",
        look="bootstrap",
        schema="""CREATE TABLE document (id TEXT PRIMARY KEY, supplier, their_number, issued, total, reference, terms);
            CREATE TABLE entry (id INTEGER PRIMARY KEY, vendor, document, posted, gross, centre, days);""",
        fill=insert_rows("document", "id", "supplier", "their_number", "issued", "total", "reference", "terms"),
        serve=_invoice,
    ),
    make=_make_invoice,
    slots=one_slot("document"),
    script=_invoice_script,
    asked=lambda sheet: Asked(changes=(RowChange(table="entry", values=_invoice_values(sheet)),)),
)

# expense_boxes

LIMIT_CENTS = 30000


def _make_expense(chance: random.Random, number: int) -> Sheet:
    over = chance.random() < 0.5
    cents = chance.randrange(31500, 90000, 5) if over else chance.randrange(1500, 29000, 5)
    return {
        "id": f"CL-{5100 + 3 * number}",
        "employee": person(chance),
        "purpose": f"{chance.choice(GOODS)} for {chance.choice(COMPANIES)}",
        "amount": money(cents),
        "paid": chance.choice(("Own money", "Company card")),
        "receipt": chance.choice(("attached", "attached", "none")),
        "cents": cents,
    }


def _expense(visit: Visit) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Claims"), ui.card("<p>" + ui.t("Number") + ": CL-...</p>"))
        case "GET", ("case", number):
            row = visit.row("SELECT * FROM claim WHERE id = ?", number)
            facts = [
                ("Employee", row["employee"]), ("Purpose", row["purpose"]), ("Amount", row["amount"]), ("Paid with", row["paid"]),
                ("Receipt", row["receipt"]),
            ]  # fmt: skip
            if row["booked"] is not None:
                return ui.page(f"booked {number}", f"Claim {number}", ui.note(f"Claim {number} is booked."))
            form = ui.form(
                "/save",
                ui.text("booked", "Amount to book"),
                ui.check("reimburse", "Reimburse"),
                ui.check("manager", "Manager must approve"),
                ui.check("missing", "Receipt is missing"),
                "<p>",
                ui.button("save", "Save"),
                "</p>",
            )
            return ui.page(f"case {number}", f"Claim {number}", ui.card(ui.facts(facts)), form)
        case "POST", ("save",):
            flags = tuple(int(bool(visit.value(name))) for name in ("reimburse", "manager", "missing"))
            sql = "UPDATE claim SET booked = ?, reimburse = ?, manager = ?, missing = ? WHERE id = ?"
            visit.write("claim", (sql, (visit.value("booked"), *flags, visit.value("case"))))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


def _boxes(sheet: Sheet) -> dict[str, bool]:
    return {
        "reimburse": sheet["paid"] == "Own money",
        "manager": sheet["cents"] > LIMIT_CENTS,
        "missing": sheet["receipt"] == "none",
    }


def _expense_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Fill(values={"booked": sheet["amount"].replace(",", ""), **_boxes(sheet)}),
        Press(name="save", until=page_is(f"booked {sheet['id']}")),
    ]


def _expense_asked(sheet: Sheet) -> Asked:
    values = {
        "booked": sheet["amount"].replace(",", ""),
        **{name: int(on) for name, on in _boxes(sheet).items()},
    }
    return Asked(changes=(RowChange(table="claim", where={"id": sheet["id"]}, values=values),))


EXPENSE_BOXES = Job(
    name="expense_boxes",
    what="book a claim: the amount, and three boxes that depend on the amount, the means of payment and the receipt",
    program=WebProgram(
        title="Expenses",
        look="material",
        schema="CREATE TABLE claim (id TEXT PRIMARY KEY, employee, purpose, amount, paid, receipt, booked, reimburse, manager, missing);",
        fill=insert_rows("claim", "id", "employee", "purpose", "amount", "paid", "receipt"),
        serve=_expense,
    ),
    make=_make_expense,
    slots=one_slot("claim"),
    script=_expense_script,
    asked=_expense_asked,
)
