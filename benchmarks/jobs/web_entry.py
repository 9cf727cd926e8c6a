"""Jobs of entering what stands somewhere else: a document into a form, and boxes that depend on what was read."""

import random
from collections.abc import Sequence

from benchmarks.jobs.job import JobKind, insert_rows, one_slot
from benchmarks.jobs.judge import Asked, RowChange
from benchmarks.jobs.server import Answer, PageRequest, Redirect, Sheet, WebProgram
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


def _invoice(visit: PageRequest) -> Answer:
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


INVOICE_ENTRY = JobKind(
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


def _expense(visit: PageRequest) -> Answer:
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


EXPENSE_BOXES = JobKind(
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

# long_form

COVERS = ("Liability", "Partial", "Full")
FUELS = ("Petrol", "Diesel", "Electric", "Hybrid")
_TERMS = (
    "The contract begins on the day that is entered above and ends after one year unless it is renewed.",
    "The insurer must be told of every change of owner, address or use of the vehicle within two weeks.",
    "Damage must be reported without delay; repairs above the excess need the insurer's consent.",
)


def _make_policy(chance: random.Random, number: int) -> Sheet:
    begins = day(chance, 3, 60)
    return {
        "id": f"PV-{3100 + 4 * number}",
        "owner": person(chance),
        "town": f"{chance.randint(10000, 98999)} {chance.choice(('Ashford', 'Calder', 'Dunmore', 'Farnham', 'Hadley', 'Ludlow'))}",
        "plate": f"{chance.choice('ABCDHKLMNS')}{chance.choice('AEKRTX')} {chance.randint(100, 9999)}",
        "fuel": chance.choice(FUELS),
        "power": f"{chance.randint(40, 240)} kW",
        "cover": chance.choice(COVERS),
        "begins": long_date(begins),
        "begins_short": f"{begins:%d.%m.%Y}",
        "garage": chance.choice(("yes", "no")),
    }


def _policy(visit: PageRequest) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Policies"), ui.card("<p>" + ui.t("Number") + ": PV-...</p>"))
        case "GET", ("case", number):
            row = visit.row("SELECT * FROM policy WHERE id = ?", number)
            if visit.db.execute("SELECT 1 FROM contract WHERE policy = ?", (number,)).fetchone():
                return ui.page(f"issued {number}", f"Policy {number}", ui.note(f"Policy {number} is issued."))
            facts = [
                ("Owner", row["owner"]), ("Town", row["town"]), ("Plate", row["plate"]), ("Fuel", row["fuel"]), ("Power", row["power"]),
                ("Cover wanted", row["cover"]), ("From", row["begins"]), ("Kept in a garage", row["garage"]),
            ]  # fmt: skip
            terms = "".join(f"<p>{text}</p>" for text in _TERMS * 2)
            form = ui.form(
                "/save",
                ui.card("<h3>Policyholder</h3>", ui.text("holder", "Full name"), ui.text("postcode", "Postcode"), ui.text("place", "Place")),
                ui.card("<h3>Vehicle</h3>", ui.text("plate", "Registration"), ui.select("fuel", "Fuel", FUELS), ui.text("kilowatts", "Power in kW"), ui.check("garage", "Garage")),
                ui.card("<h3>Contract</h3>", ui.radios("cover", "Cover", COVERS), ui.text("begins", "Begins on")),
                ui.card("<h3>Terms</h3>", terms, ui.check("accepted", "Terms were handed over")),
                ui.button("save", "Save"),
            )  # fmt: skip
            return ui.page(f"case {number}", f"Policy {number}", ui.card(ui.facts(facts)), form)
        case "POST", ("save",):
            names = (
                "holder",
                "postcode",
                "place",
                "plate",
                "fuel",
                "kilowatts",
                "garage",
                "cover",
                "begins",
                "accepted",
            )
            sql = f"INSERT INTO contract (policy, {', '.join(names)}) VALUES (?, {', '.join('?' for _ in names)})"
            visit.write("contract", (sql, (visit.value("case"), *(visit.value(name) for name in names))))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


def _policy_texts(sheet: Sheet) -> dict[str, str]:
    postcode, place = sheet["town"].split(" ", 1)
    return {
        "holder": sheet["owner"], "postcode": postcode, "place": place, "plate": sheet["plate"], "fuel": sheet["fuel"],
        "kilowatts": sheet["power"].removesuffix(" kW"), "begins": sheet["begins_short"],
    }  # fmt: skip


def _policy_script(sheet: Sheet) -> Sequence[Step]:
    texts = _policy_texts(sheet)
    values = {
        **{name: text for name, text in texts.items() if name != "begins"},
        "garage": sheet["garage"] == "yes",
        f"cover:{sheet['cover']}": True,
        "begins": texts["begins"],
        "accepted": True,
    }
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Fill(values=values),
        Press(name="save", until=page_is(f"issued {sheet['id']}")),
    ]


def _policy_asked(sheet: Sheet) -> Asked:
    values = {
        "policy": sheet["id"], **_policy_texts(sheet), "garage": "1" if sheet["garage"] == "yes" else "", "cover": sheet["cover"],
        "accepted": "1",
    }  # fmt: skip
    return Asked(changes=(RowChange(table="contract", values=values),))


LONG_FORM = JobKind(
    name="long_form",
    what="fill a form of ten fields that is twice as long as the window, from facts at its top",
    program=WebProgram(
        title="Policies",
        look="material",
        schema="""CREATE TABLE policy (id TEXT PRIMARY KEY, owner, town, plate, fuel, power, cover, begins, garage);
            CREATE TABLE contract (id INTEGER PRIMARY KEY, policy, holder, postcode, place, plate, fuel, kilowatts, garage, cover, begins,
            accepted);""",
        fill=insert_rows("policy", "id", "owner", "town", "plate", "fuel", "power", "cover", "begins", "garage"),
        serve=_policy,
    ),
    make=_make_policy,
    slots=one_slot("policy"),
    script=_policy_script,
    asked=_policy_asked,
)
