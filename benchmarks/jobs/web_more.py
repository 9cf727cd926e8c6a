"""A slider, and the dialog in which a file is chosen."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.jobs.eyes import Look, dialog
from benchmarks.jobs.job import JobKind, insert_rows, one_slot
from benchmarks.jobs.judge import Asked, RowChange
from benchmarks.jobs.server import Answer, PageRequest, Redirect, Sheet, WebProgram
from benchmarks.jobs.steps import Drag, Hand, Open, Press, Step, holds, page_is
from benchmarks.jobs.words import COMPANIES, person
from crewless.core.messages import Action

# slider

_SLIDER = """<script>
const knob=document.querySelector('.knob'), track=document.querySelector('.track'), field=document.querySelector('[name=level]'), shown=document.getElementById('shown');
let held=false; function set(v){ field.value=v; shown.textContent=v+' %'; knob.style.left=v+'%' }
function at(e){ const r=track.getBoundingClientRect(); set(Math.max(0,Math.min(100,5*Math.round((e.clientX-r.left)/r.width*20)))) }
knob.addEventListener('mousedown',e=>{held=true;e.preventDefault()}); document.addEventListener('mousemove',e=>{if(held)at(e)});
document.addEventListener('mouseup',e=>{if(held){at(e);held=false}}); set(+field.value);
</script>"""


def _make_room(chance: random.Random, number: int) -> Sheet:
    wanted, now = chance.sample(range(5, 100, 5), 2)
    return {
        "id": f"RM-{410 + 3 * number}",
        "room": f"{chance.choice(('Hall', 'Office', 'Cellar', 'Store', 'Lab'))} {chance.randint(1, 40)}",
        "tenant": chance.choice(COMPANIES),
        "wanted": f"{wanted} %",
        "level": str(now),
        "value": wanted,
    }


def _room(visit: PageRequest) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Rooms"), ui.card("<p>" + ui.t("Number") + ": RM-...</p>"))
        case "GET", ("case", number):
            row = visit.row("SELECT * FROM room WHERE id = ?", number)
            if row["applied"]:
                return ui.page(f"applied {number}", f"{row['room']}", ui.note(f"{row['room']} was set."))
            facts = ui.facts([("Room", row["room"]), ("Customer", row["tenant"]), ("Wanted level", row["wanted"])])
            slider = (
                f'<div class="field"><label class="name">{ui.t("Level")}</label><b id="shown" data-op="shown"></b></div>'
                '<div class="track" data-op="track"><span class="knob" data-op="knob"></span></div>'
                f'<input type="hidden" name="level" value="{row["level"]}">'
            )
            form = ui.form("/save", slider, ui.button("save", "Apply"))
            return ui.page(f"case {number}", row["room"], ui.card(facts), ui.card(form), _SLIDER)
        case "POST", ("save",):
            sql = "UPDATE room SET level = ?, applied = 1 WHERE id = ?"
            visit.write("room", (sql, (visit.value("level"), visit.value("case"))))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


def _room_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Drag(name="knob", onto="track", until=holds("shown", sheet["wanted"]), place=(sheet["value"] / 100, 0.5)),
        Press(name="save", until=page_is(f"applied {sheet['id']}")),
    ]


SLIDER = JobKind(
    name="slider",
    what="drag a slider to the level that the page asks for, then apply it",
    program=WebProgram(
        title="Rooms",
        look="classic",
        schema="CREATE TABLE room (id TEXT PRIMARY KEY, room, tenant, wanted, level, applied);",
        fill=insert_rows("room", "id", "room", "tenant", "wanted", "level"),
        serve=_room,
    ),
    make=_make_room,
    slots=one_slot("room"),
    script=_room_script,
    asked=lambda sheet: Asked(
        changes=(
            RowChange(table="room", where={"id": sheet["id"]}, values={"level": str(sheet["value"]), "applied": 1}),
        )
    ),
)

# file_dialog

INBOX = "/tmp/crewless-jobs-inbox/"
"""Where the files lie that are to be attached: typed into the dialog, so the same in every run."""


def _content(name: str) -> bytes:
    return f"%PDF-1.4 scan {name}\n".encode()


def _make_attachment(chance: random.Random, number: int) -> Sheet:
    return {
        "id": f"AT-{300 + 4 * number}",
        "customer": person(chance),
        "file": f"{chance.choice(('scan', 'letter', 'photo', 'form'))}-{chance.randint(1000, 9999)}-{number}.pdf",
    }


def _attachment(visit: PageRequest) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Attachments"), ui.card("<p>" + ui.t("Number") + ": AT-...</p>"))
        case "GET", ("case", number):
            row = visit.row("SELECT * FROM record WHERE id = ?", number)
            there = visit.db.execute("SELECT name FROM attachment WHERE record = ?", (number,)).fetchall()
            facts = ui.facts([("Customer", row["customer"]), ("File wanted", row["file"])])
            if there:
                return ui.page(f"attached {number}", f"Record {number}", ui.note(f"{there[0]['name']} was attached."))
            picker = (
                f'<div class="field"><label class="name">{ui.t("File")}</label>'
                '<input type="file" name="file" data-op="file"></div>'
            )
            form = ui.form(
                "/attach", picker, "<p>", ui.button("save", "Attach"), "</p>", more='enctype="multipart/form-data"'
            )
            return ui.page(f"case {number}", f"Record {number}", ui.card(facts), ui.card(form))
        case "POST", ("attach",):
            upload = visit.files.get("file")
            if upload is None or not upload.name:
                return Redirect(to=f"/case/{visit.value('case')}")
            digest = hashlib.sha256(upload.content).hexdigest()
            sql = "INSERT INTO attachment (record, name, digest) VALUES (?, ?, ?)"
            visit.write("attachment", (sql, (visit.value("case"), upload.name, digest)))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


@dataclass(kw_only=True)
class ChooseFile:
    """Name a file in the dialog that is open, by its whole path."""

    path: str
    _sent: bool = False

    def done(self, look: Look) -> bool:
        """The page names the file."""
        return "file" in look["items"] and str(look["items"]["file"]["value"]).endswith(Path(self.path).name)

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """Type the path once the dialog is there, then click the button at its lower right."""
        box = None if self._sent else dialog(hand.display)
        if box is None:
            return []
        self._sent = True
        button = [box.x1 - 80, box.y1 - 44, box.x1 - 16, box.y1 - 14]
        return [
            Action(verb="key", text="ctrl+l"),
            Action(verb="type", text=self.path),
            Action(verb="click", point=hand.inside(button)),
        ]


def _attachment_script(sheet: Sheet) -> Sequence[Step]:
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Press(name="file", until=lambda look: True),
        ChooseFile(path=INBOX + sheet["file"]),
        Press(name="save", until=page_is(f"attached {sheet['id']}")),
    ]


FILE_DIALOG = JobKind(
    name="file_dialog",
    what="attach the file that the page names, through the browser's dialog for files",
    program=WebProgram(
        title="Attachments",
        look="bootstrap",
        schema="""CREATE TABLE record (id TEXT PRIMARY KEY, customer, file);
            CREATE TABLE attachment (id INTEGER PRIMARY KEY, record, name, digest);""",
        fill=insert_rows("record", "id", "customer", "file"),
        serve=_attachment,
    ),
    make=_make_attachment,
    slots=one_slot("record"),
    script=_attachment_script,
    asked=lambda sheet: Asked(
        changes=(
            RowChange(
                table="attachment",
                values={
                    "record": sheet["id"],
                    "name": sheet["file"],
                    "digest": hashlib.sha256(_content(sheet["file"])).hexdigest(),
                },
            ),
        )
    ),
    files=lambda sheet: {INBOX + sheet["file"]: _content(sheet["file"])},
)
