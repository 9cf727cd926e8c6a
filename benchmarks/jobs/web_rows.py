"""Jobs over rows: one decision for each, and two lists that are reconciled."""

import random
from collections.abc import Sequence
from typing import Any

from benchmarks.jobs.job import JobKind, one_slot
from benchmarks.jobs.judge import Asked, RowChange
from benchmarks.jobs.pages import esc
from benchmarks.jobs.server import Answer, PageRequest, Redirect, Sheet, WebProgram
from benchmarks.jobs.steps import Fill, Open, Press, PressEach, Step, holds, page_is
from benchmarks.jobs.words import COMPANIES, GOODS, money

# rows_rule

LIMIT_CENTS = 25000


def _make_batch(chance: random.Random, number: int) -> Sheet:
    rows = []
    for position in range(chance.randint(3, 7)):
        over = chance.random() < 0.5
        cents = chance.randrange(26500, 80000, 50) if over else chance.randrange(1000, 24000, 50)
        rows.append({"position": position + 1, "item": chance.choice(GOODS), "cents": cents, "amount": money(cents)})
    return {"id": f"B-{700 + number}", "rows": rows}


def _fill_batches(db: Any, sheets: Sequence[Sheet]) -> None:
    for sheet in sheets:
        db.execute("INSERT INTO batch (id) VALUES (?)", (sheet["id"],))
        for row in sheet["rows"]:
            db.execute(
                "INSERT INTO line (batch, position, item, amount) VALUES (?, ?, ?, ?)",
                (sheet["id"], row["position"], row["item"], row["amount"]),
            )


def _batch(visit: PageRequest) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Approvals"), ui.card("<p>" + ui.t("Number") + ": B-...</p>"))
        case "GET", ("case", number):
            batch = visit.row("SELECT * FROM batch WHERE id = ?", number)
            lines = visit.db.execute("SELECT * FROM line WHERE batch = ? ORDER BY position", (number,)).fetchall()
            rows = []
            for line in lines:
                key = f"row{line['position']}"
                if line["decision"]:
                    last = (
                        f'<span data-op="{key}" data-state="{line["decision"]}">{ui.t(line["decision"].lower())}</span>'
                    )
                else:
                    last = ui.form(
                        f"/decide/{line['id']}",
                        ui.button(f"decide{line['position']}", "Approve", value="approved"),
                        " ",
                        ui.button(f"decide{line['position']}", "Reject", value="rejected", kind="danger"),
                        kind="plain",
                    )
                rows.append((str(line["position"]), esc(line["item"]), line["amount"], last))
            table = ui.table(("No.", "Item", "Amount", "Decision"), rows)
            done = (
                ui.note(f"Batch {number} is finished.")
                if batch["finished"]
                else ui.form("/finish", ui.button("finish", "Finish"))
            )
            page = f"finished {number}" if batch["finished"] else f"case {number}"
            return ui.page(page, f"Batch {number}", ui.card(table), done)
        case "POST", ("decide", line):
            key = next(name for name in visit.form if name.startswith("decide"))
            visit.write("decide", ("UPDATE line SET decision = ? WHERE id = ?", (visit.value(key), line)))
            return Redirect(to=f"/case/{visit.value('case')}")
        case "POST", ("finish",):
            visit.write("finish", ("UPDATE batch SET finished = 1 WHERE id = ?", (visit.value("case"),)))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


def _decision(row: Any) -> str:
    return "approved" if row["cents"] <= LIMIT_CENTS else "rejected"


def _batch_script(sheet: Sheet) -> Sequence[Step]:
    effects = {
        f"decide{row['position']}:{_decision(row)}": holds(f"row{row['position']}", _decision(row))
        for row in sheet["rows"]
    }
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        PressEach(effects=effects),
        Press(name="finish", until=page_is(f"finished {sheet['id']}")),
    ]


def _batch_asked(sheet: Sheet) -> Asked:
    lines = [
        RowChange(
            table="line", where={"batch": sheet["id"], "position": row["position"]}, values={"decision": _decision(row)}
        )
        for row in sheet["rows"]
    ]
    finished = RowChange(table="batch", where={"id": sheet["id"]}, values={"finished": 1})
    return Asked(changes=(*lines, finished), entries=len(lines) + 1)


ROWS_RULE = JobKind(
    name="rows_rule",
    what="approve each row of a batch up to an amount, reject the others, then finish the batch",
    program=WebProgram(
        title="Approvals",
        look="classic",
        schema="""CREATE TABLE batch (id TEXT PRIMARY KEY, finished);
            CREATE TABLE line (id INTEGER PRIMARY KEY, batch, position, item, amount, decision);""",
        fill=_fill_batches,
        serve=_batch,
    ),
    make=_make_batch,
    slots=one_slot("batch"),
    script=_batch_script,
    asked=_batch_asked,
)

# reconcile


def _make_statement(chance: random.Random, number: int) -> Sheet:
    refs = chance.sample(range(1000, 9999), 9)
    opened = [
        {"ref": f"R{ref}", "amount": money(chance.randrange(2000, 90000, 5)), "company": chance.choice(COMPANIES)}
        for ref in refs[: chance.randint(5, 7)]
    ]
    paid = chance.sample(opened, chance.randint(2, len(opened) - 2))
    payments = [{"ref": one["ref"], "amount": one["amount"], "company": one["company"]} for one in paid]
    payments.append(
        {
            "ref": f"R{refs[-1]}",
            "amount": money(chance.randrange(2000, 90000, 5)),
            "company": chance.choice(COMPANIES),
        }
    )
    chance.shuffle(payments)
    return {"id": f"ST-{1200 + number}", "opened": opened, "payments": payments, "paid": {one["ref"] for one in paid}}


def _fill_statements(db: Any, sheets: Sequence[Sheet]) -> None:
    for sheet in sheets:
        db.execute("INSERT INTO statement (id) VALUES (?)", (sheet["id"],))
        for table, rows in (("invoice", sheet["opened"]), ("payment", sheet["payments"])):
            db.executemany(
                f"INSERT INTO {table} (statement, ref, company, amount) VALUES (?, ?, ?, ?)",
                [(sheet["id"], row["ref"], row["company"], row["amount"]) for row in rows],
            )


def _statement(visit: PageRequest) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Reconcile"), ui.card("<p>" + ui.t("Number") + ": ST-...</p>"))
        case "GET", ("case", number):
            done = visit.row("SELECT * FROM statement WHERE id = ?", number)["closed"]
            if done:
                return ui.page(f"closed {number}", f"Statement {number}", ui.note(f"Statement {number} is reconciled."))
            payments = visit.db.execute("SELECT * FROM payment WHERE statement = ?", (number,)).fetchall()
            invoices = visit.db.execute("SELECT * FROM invoice WHERE statement = ?", (number,)).fetchall()
            left = ui.table(("Reference", "Amount"), [(row["ref"], row["amount"]) for row in payments])
            right = ui.table(
                ("Reference", "Customer", "Amount", "Settled"),
                [
                    (row["ref"], esc(row["company"]), row["amount"], ui.check("settled", "", row["ref"]))
                    for row in invoices
                ],
            )
            lists = (
                f'<div class="row"><div><h3>{ui.t("Payments")}</h3>{left}</div>'
                f'<div style="flex:2"><h3>{ui.t("Open invoices")}</h3>{right}</div></div>'
            )
            form = ui.form("/save", lists, "<p>", ui.button("save", "Save"), "</p>")
            return ui.page(f"case {number}", f"Statement {number}", form)
        case "POST", ("save",):
            case = visit.value("case")
            marks = [
                ("UPDATE invoice SET settled = 1 WHERE statement = ? AND ref = ?", (case, ref))
                for ref in visit.form.get("settled", [])
            ]
            visit.write("reconcile", *marks, ("UPDATE statement SET closed = 1 WHERE id = ?", (case,)))
            return Redirect(to=f"/case/{case}")
    raise LookupError(visit.path)


def _statement_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Fill(values={f"settled:{one['ref']}": one["ref"] in sheet["paid"] for one in sheet["opened"]}),
        Press(name="save", until=page_is(f"closed {sheet['id']}")),
    ]


def _statement_asked(sheet: Sheet) -> Asked:
    ticks = [
        RowChange(table="invoice", where={"statement": sheet["id"], "ref": ref}, values={"settled": 1})
        for ref in sorted(sheet["paid"])
    ]
    return Asked(
        changes=(*ticks, RowChange(table="statement", where={"id": sheet["id"]}, values={"closed": 1})), entries=1
    )


RECONCILE = JobKind(
    name="reconcile",
    what="tick the open invoices for which a payment with the same reference is listed, then save",
    program=WebProgram(
        title="Reconcile",
        look="bootstrap",
        schema="""CREATE TABLE statement (id TEXT PRIMARY KEY, closed);
            CREATE TABLE invoice (id INTEGER PRIMARY KEY, statement, ref, company, amount, settled);
            CREATE TABLE payment (id INTEGER PRIMARY KEY, statement, ref, company, amount);""",
        fill=_fill_statements,
        serve=_statement,
    ),
    make=_make_statement,
    slots=one_slot("statement"),
    script=_statement_script,
    asked=_statement_asked,
)
