"""Jobs of an office: a reply from a template, a wizard with branches, and an article that is searched for and changed."""

import random
from collections.abc import Sequence
from urllib.parse import quote

from benchmarks.jobs.job import JobKind, insert_rows, one_slot
from benchmarks.jobs.judge import Asked, RowChange
from benchmarks.jobs.pages import esc
from benchmarks.jobs.server import Answer, PageRequest, Redirect, Sheet, WebProgram
from benchmarks.jobs.steps import Fill, Open, Press, PressAgain, Step, page_is
from benchmarks.jobs.words import COMPANIES, GOODS, day, long_date, money, person

# reply

CARRIERS = ("DPD", "Hermes", "Railpost", "Swiftline")


def _make_question(chance: random.Random, number: int) -> Sheet:
    return {
        "id": f"Q-{6000 + 3 * number}",
        "customer": person(chance),
        "subject": chance.choice(("Where is my order?", "Delivery", "Order not here yet", "Question about delivery")),
        "ordered": str(chance.randint(40000, 89999)),
        "item": chance.choice(GOODS),
        "carrier": chance.choice(CARRIERS),
        "sent": long_date(day(chance, -9, -1)),
    }


def _reply_text(sheet: Sheet) -> str:
    return (
        f"Dear {sheet['customer']},\nyour order {sheet['ordered']} was handed to {sheet['carrier']} on {sheet['sent']}."
        " It should reach you within three days."
    )


def _question(visit: PageRequest) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Message"), ui.card("<p>" + ui.t("Number") + ": Q-...</p>"))
        case "GET", ("case", number):
            row = visit.row("SELECT * FROM question WHERE id = ?", number)
            facts = [
                ("Customer", row["customer"]), ("Order", row["ordered"]), ("Item", row["item"]), ("Carrier", row["carrier"]),
                ("Handed over", row["sent"]),
            ]  # fmt: skip
            if row["reply"] is not None:
                return ui.page(
                    f"answered {number}", f"Question {number}", ui.note(f"The reply to {number} was sent."), search=True
                )
            form = ui.form("/save", ui.area("reply", "Reply", rows=5), ui.button("save", "Send"))
            return ui.page(f"case {number}", f"{number}: {row['subject']}", ui.card(ui.facts(facts)), form)
        case "POST", ("save",):
            text = visit.value("reply").replace("\r\n", "\n")
            visit.write("reply", ("UPDATE question SET reply = ? WHERE id = ?", (text, visit.value("case"))))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


def _question_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Fill(values={"reply": _reply_text(sheet)}),
        Press(name="save", until=page_is(f"answered {sheet['id']}")),
    ]


REPLY = JobKind(
    name="reply",
    what="answer a question with two sentences into which four values of the page are put",
    program=WebProgram(
        title="Message",
        look="material",
        schema="CREATE TABLE question (id TEXT PRIMARY KEY, customer, subject, ordered, item, carrier, sent, reply);",
        fill=insert_rows("question", "id", "customer", "subject", "ordered", "item", "carrier", "sent"),
        serve=_question,
    ),
    make=_make_question,
    slots=one_slot("question"),
    script=_question_script,
    asked=lambda sheet: Asked(
        changes=(RowChange(table="question", where={"id": sheet["id"]}, values={"reply": _reply_text(sheet)}),)
    ),
)

# wizard

KINDS = ("Return", "Damage", "Loss")
REASONS = ("Too small", "Wrong colour", "No longer needed", "Ordered twice")
_ASKED = {"Return": ("reason", "pieces"), "Damage": ("value", "seen"), "Loss": ("carrier", "sent")}


def _make_claim(chance: random.Random, number: int) -> Sheet:
    kind = chance.choice(KINDS)
    return {
        "id": f"RT-{1500 + 2 * number}",
        "kind": kind,
        "customer": person(chance),
        "item": f"{chance.choice(GOODS)} ({chance.choice(COMPANIES)})",
        "reason": chance.choice(REASONS) if kind == "Return" else "",
        "pieces": str(chance.randint(1, 12)) if kind == "Return" else "",
        "value": f"EUR {money(chance.randrange(500, 60000, 5))}" if kind == "Damage" else "",
        "seen": chance.choice(("yes", "no")) if kind == "Damage" else "",
        "carrier": chance.choice(CARRIERS) if kind == "Loss" else "",
        "sent": long_date(day(chance, -40, -5)) if kind == "Loss" else "",
    }


def _claim(visit: PageRequest) -> Answer:
    ui = visit.ui
    labels = {
        "kind": "Kind", "customer": "Customer", "item": "Item", "reason": "Reason", "pieces": "Pieces", "value": "Value", "seen": "Photo seen",
        "carrier": "Carrier", "sent": "Sent on",
    }  # fmt: skip
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Returns"), ui.card("<p>" + ui.t("Number") + ": RT-...</p>"))
        case "GET", ("case", number):
            row = visit.row("SELECT * FROM claim WHERE id = ?", number)
            if visit.db.execute("SELECT 1 FROM filed WHERE claim = ?", (number,)).fetchone():
                return ui.page(f"filed {number}", f"Case {number}", ui.note(f"Case {number} was filed."))
            facts = ui.facts([(label, row[name]) for name, label in labels.items() if row[name]])
            start = ui.link("start", "Continue", f"/wizard/{number}")
            return ui.page(f"case {number}", f"Case {number}", ui.card(facts), start)
        case "GET", ("wizard", number):
            ui.case = number
            form = ui.form("/kind", ui.radios("kind", "Kind", KINDS), ui.button("continue", "Continue", commits=False))
            return ui.page("kind", f"{ui.t('Kind')} (1/3)", ui.card(form))
        case "POST", ("kind",):
            kind = visit.value("kind")
            if kind not in KINDS:
                return Redirect(to=f"/wizard/{visit.value('case')}")
            fields = {
                "reason": ui.select("reason", "Reason", REASONS),
                "pieces": ui.text("pieces", "Pieces"),
                "value": ui.text("value", "Value in EUR"),
                "seen": ui.check("seen", "Photo seen", "1"),
                "carrier": ui.select("carrier", "Carrier", CARRIERS),
                "sent": ui.text("sent", "Sent on"),
            }
            hidden = f'<input type="hidden" name="kind" value="{kind}">'
            parts = [fields[name] for name in _ASKED[kind]]
            form = ui.form("/details", hidden, *parts, "<p>", ui.button("continue", "Continue", commits=False), "</p>")
            return ui.page(f"details {kind}", f"{ui.t(kind)} (2/3)", ui.card(form))
        case "POST", ("details",):
            kind = visit.value("kind")
            names = ("kind", *_ASKED[kind])
            hidden = "".join(f'<input type="hidden" name="{n}" value="{esc(visit.value(n))}">' for n in names)
            facts = ui.facts([(labels[name], visit.value(name)) for name in names])
            form = ui.form("/file", hidden, ui.button("submit", "Submit"))
            return ui.page("summary", f"{ui.t('Details')} (3/3)", ui.card(facts), form)
        case "POST", ("file",):
            names = ("kind", "reason", "pieces", "value", "seen", "carrier", "sent")
            sql = f"INSERT INTO filed (claim, {', '.join(names)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            visit.write("filed", (sql, (visit.value("case"), *(visit.value(name) for name in names))))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


def _claim_values(sheet: Sheet) -> dict[str, str | bool]:
    """What is entered on the second page."""
    match sheet["kind"]:
        case "Return":
            return {"reason": sheet["reason"], "pieces": sheet["pieces"]}
        case "Damage":
            return {"value": sheet["value"].removeprefix("EUR ").replace(",", ""), "seen": sheet["seen"] == "yes"}
        case _:
            return {"carrier": sheet["carrier"], "sent": sheet["sent"]}


def _claim_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Press(name="start", until=page_is("kind")),
        Fill(values={f"kind:{sheet['kind']}": True}),
        Press(name="continue", until=page_is(f"details {sheet['kind']}")),
        Fill(values=_claim_values(sheet)),
        Press(name="continue", until=page_is("summary")),
        Press(name="submit", until=page_is(f"filed {sheet['id']}")),
    ]


def _claim_asked(sheet: Sheet) -> Asked:
    empty = dict.fromkeys(("reason", "pieces", "value", "seen", "carrier", "sent"), "")
    entered = {
        name: ("1" if value else "") if isinstance(value, bool) else value
        for name, value in _claim_values(sheet).items()
    }
    values = {"claim": sheet["id"], "kind": sheet["kind"], **empty, **entered}
    return Asked(changes=(RowChange(table="filed", values=values),))


WIZARD = JobKind(
    name="wizard",
    what="file a return, a damage or a loss in three pages, of which the second depends on the kind",
    program=WebProgram(
        title="Returns",
        look="material",
        schema="""CREATE TABLE claim (id TEXT PRIMARY KEY, kind, customer, item, reason, pieces, value, seen, carrier, sent);
            CREATE TABLE filed (id INTEGER PRIMARY KEY, claim, kind, reason, pieces, value, seen, carrier, sent);""",
        fill=insert_rows(
            "claim", "id", "kind", "customer", "item", "reason", "pieces", "value", "seen", "carrier", "sent"
        ),
        serve=_claim,
    ),
    make=_make_claim,
    slots=one_slot("case"),
    script=_claim_script,
    asked=_claim_asked,
)

# search_update

_ON_PAGE = 8


def _make_article(chance: random.Random, number: int) -> Sheet:
    old, new = chance.sample(range(3, 400), 2)
    return {
        "id": f"AR-{7000 + 13 * number}",
        "name": f"{chance.choice(GOODS[:12])}",
        "maker": chance.choice(COMPANIES),
        "stock": str(old),
        "counted": str(new),
    }


def _article(visit: PageRequest) -> Answer:
    ui = visit.ui
    find = (
        f'<form action="/list">{ui.t("Name")} <input type="text" name="name" data-op="name" autocomplete="off">'
        f' <button data-op="look">{ui.t("Search")}</button></form><br>'
    )
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Stock"), find, search=False)
        case "GET", ("list",):
            name, page = visit.query.get("name", "").strip(), max(1, int(visit.query.get("page", "1")))
            sql = "SELECT * FROM article WHERE name LIKE ? ORDER BY id LIMIT ? OFFSET ?"
            found = visit.db.execute(sql, (f"%{name}%", _ON_PAGE + 1, (page - 1) * _ON_PAGE)).fetchall()
            rows = [
                (row["id"], esc(row["name"]), esc(row["maker"]), row["stock"], ui.link(f"edit:{row['id']}", "Edit", f"/article/{row['id']}", "second button"))
                for row in found[:_ON_PAGE]
            ]  # fmt: skip
            table = ui.table(("Article", "Name", "Supplier", "Stock", ""), rows)
            back = ui.link("previous", "Previous page", f"/list?name={quote(name)}&page={page - 1}") if page > 1 else ""
            more = len(found) > _ON_PAGE
            on = ui.link("next", "Next page", f"/list?name={quote(name)}&page={page + 1}") if more else ""
            return ui.page(f"list {name} {page}", name, find, table, f"<p>{back} {on}</p>", search=False)
        case "GET", ("article", number):
            row = visit.row("SELECT * FROM article WHERE id = ?", number)
            ui.case = number
            facts = ui.facts([("Article", number), ("Name", row["name"]), ("Supplier", row["maker"])])
            form = ui.form("/save", ui.text("stock", "Stock", row["stock"]), ui.button("save", "Save"))
            return ui.page(f"article {number}", f"{number} {row['name']}", ui.card(facts), form, search=False)
        case "POST", ("save",):
            case = visit.value("case")
            visit.write("stock", ("UPDATE article SET stock = ? WHERE id = ?", (visit.value("stock"), case)))
            return Redirect(to=f"/saved/{case}")
        case "GET", ("saved", number):
            row = visit.row("SELECT * FROM article WHERE id = ?", number)
            note = ui.note(f"{number} was saved with a stock of {row['stock']}.")
            return ui.page(f"saved {number}", row["name"], note, find, search=False)
    raise LookupError(visit.path)


def _article_script(sheet: Sheet) -> Sequence[Step]:
    edit = f"edit:{sheet['id']}"
    return [
        Open(text=sheet["name"], field="name", page=f"list {sheet['name']} 1"),
        PressAgain(name="next", until=lambda look: edit in look["items"]),
        Press(name=edit, until=page_is(f"article {sheet['id']}")),
        Fill(values={"stock": sheet["counted"]}),
        Press(name="save", until=page_is(f"saved {sheet['id']}")),
    ]


SEARCH_UPDATE = JobKind(
    name="search_update",
    what="search an article by its name, turn pages to its number, and put in the counted stock",
    program=WebProgram(
        title="Stock",
        look="classic",
        schema="CREATE TABLE article (id TEXT PRIMARY KEY, name, maker, stock);",
        fill=insert_rows("article", "id", "name", "maker", "stock"),
        serve=_article,
    ),
    make=_make_article,
    slots=lambda sheet: {"name": sheet["name"], "article": sheet["id"], "stock": sheet["counted"]},
    script=_article_script,
    asked=lambda sheet: Asked(
        changes=(RowChange(table="article", where={"id": sheet["id"]}, values={"stock": sheet["counted"]}),)
    ),
)
