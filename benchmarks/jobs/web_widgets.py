"""Jobs with widgets that are no plain fields: cards that are dragged, a calendar, a slider, the dialog for files."""

import random
import sqlite3
from collections.abc import Sequence

from benchmarks.jobs.eyes import Look
from benchmarks.jobs.job import JobKind, insert_rows, one_slot
from benchmarks.jobs.judge import Asked, RowChange
from benchmarks.jobs.pages import esc
from benchmarks.jobs.server import Answer, PageRequest, Redirect, Sheet, WebProgram
from benchmarks.jobs.steps import Drag, Fill, Open, Press, PressAgain, Step, holds, page_is
from benchmarks.jobs.words import COMPANIES, GOODS, MONTHS, TODAY, day, long_date, person

# drag_board

COLUMNS = ("To do", "In repair", "Testing", "Done")

_DRAGGING = """<script>
let held=null,dx=0,dy=0;
document.querySelectorAll('.ticket').forEach(card=>card.addEventListener('mousedown',e=>{
  held=card; const r=card.getBoundingClientRect(), z=card.currentCSSZoom||1; dx=e.clientX-r.left; dy=e.clientY-r.top;
  card.style.width=(r.width/z)+'px'; card.style.position='fixed'; card.style.left=(r.left/z)+'px'; card.style.top=(r.top/z)+'px'; card.style.zIndex=30; card.style.pointerEvents='none';
  e.preventDefault()}));
document.addEventListener('mousemove',e=>{ if(held){ const z=held.currentCSSZoom||1; held.style.left=((e.clientX-dx)/z)+'px'; held.style.top=((e.clientY-dy)/z)+'px' }});
document.addEventListener('mouseup',e=>{ if(!held) return; const card=held; held=null;
  const under=document.elementFromPoint(e.clientX,e.clientY), column=under&&under.closest('.column');
  card.removeAttribute('style');
  if(column && column!==card.closest('.column')){ const f=document.getElementById('move'); f.card.value=card.dataset.card; f.column.value=column.dataset.column; f.submit() }});
</script>"""


def _make_board(chance: random.Random, number: int) -> Sheet:
    count = chance.randint(4, 7)
    cards = []
    for index in range(count):
        stands = chance.choice(COLUMNS[:3])
        following = chance.choice([column for column in COLUMNS[1:] if column != stands])
        cards.append(
            {
                "id": f"RP-{3000 + 10 * number + index}",
                "item": chance.choice(GOODS),
                "stands": stands,
                "next": following,
            }
        )
    own = chance.choice(cards)
    return {"id": own["id"], "cards": cards, "next": own["next"], "board": number}


def _fill_boards(db: sqlite3.Connection, sheets: Sequence[Sheet]) -> None:
    for sheet in sheets:
        for card in sheet["cards"]:
            db.execute(
                "INSERT INTO card (id, board, item, next, stands) VALUES (?, ?, ?, ?, ?)",
                (card["id"], sheet["board"], card["item"], card["next"], card["stands"]),
            )


def _board(visit: PageRequest) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Workshop"), ui.card("<p>" + ui.t("Number") + ": RP-...</p>"))
        case "GET", ("case", number):
            board = visit.row("SELECT board FROM card WHERE id = ?", number)["board"]
            cards = visit.db.execute("SELECT * FROM card WHERE board = ? ORDER BY id", (board,)).fetchall()
            columns = []
            for column in COLUMNS:
                inner = "".join(
                    f'<div class="ticket" data-card="{card["id"]}" data-op="card:{card["id"]}" data-state="{card["stands"]}">'
                    f"<b>{card['id']}</b> {esc(card['item'])}<small>next: {card['next']}</small></div>"
                    for card in cards
                    if card["stands"] == column
                )
                columns.append(
                    f'<div class="column" data-column="{column}" data-op="column:{column}"><h3>{column}</h3>{inner}</div>'
                )
            form = ui.form(
                "/move",
                '<input type="hidden" name="card"><input type="hidden" name="column">',
                more='id="move"',
            )
            return ui.page(
                f"case {number}", ui.t("Workshop"), f'<div class="board">{"".join(columns)}</div>', form, _DRAGGING
            )
        case "POST", ("move",):
            sql = "UPDATE card SET stands = ? WHERE id = ?"
            visit.write("move", (sql, (visit.value("column"), visit.value("card"))))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


def _board_script(sheet: Sheet) -> Sequence[Step]:
    card = f"card:{sheet['id']}"
    return [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Drag(name=card, onto=f"column:{sheet['next']}", until=holds(card, sheet["next"]), place=None),
    ]


DRAG_BOARD = JobKind(
    name="drag_board",
    what="drag a card of a board into the column that is written on it",
    program=WebProgram(
        title="Workshop",
        look="material",
        schema="CREATE TABLE card (id TEXT PRIMARY KEY, board, item, next, stands);",
        fill=_fill_boards,
        serve=_board,
    ),
    make=_make_board,
    slots=one_slot("card"),
    script=_board_script,
    asked=lambda sheet: Asked(
        changes=(RowChange(table="card", where={"id": sheet["id"]}, values={"stands": sheet["next"]}),)
    ),
)

# date_picker

_CALENDAR = """<div class="calendar hidden" id="calendar"></div><script>
const months=%(months)s, field=document.querySelector('[name=day]'), box=document.getElementById('calendar'); let year=%(year)d, month=%(month)d;
function draw(){ const first=(new Date(year,month,1).getDay()+6)%%7, days=new Date(year,month+1,0).getDate();
  let rows='<tr>'+['Mo','Tu','We','Th','Fr','Sa','Su'].map(d=>'<th>'+d+'</th>').join('')+'</tr><tr>'+'<td></td>'.repeat(first);
  for(let d=1;d<=days;d++){ rows+=`<td class="day" data-op="day:${d}" data-day="${d}">${d}</td>`; if((first+d)%%7==0) rows+='</tr><tr>' }
  box.innerHTML=`<div class="head"><button type="button" class="turn" data-op="previous">&lt;</button><b data-op="month">${months[month]} ${year}</b>`+
    `<button type="button" class="turn" data-op="next">&gt;</button></div><table>${rows}</tr></table>`;
  const [back,on]=box.querySelectorAll('.turn'); back.onclick=()=>turn(-1); on.onclick=()=>turn(1);
  box.querySelectorAll('.day').forEach(d=>d.onclick=()=>{ const two=n=>String(n).padStart(2,'0');
    field.value=`${two(+d.dataset.day)}/${two(month+1)}/${year}`; box.classList.add('hidden'); field.dispatchEvent(new Event('change')) }) }
function turn(by){ month+=by; if(month<0){month=11;year--} if(month>11){month=0;year++} draw() }
field.onclick=()=>{ draw(); box.classList.remove('hidden'); const r=field.getBoundingClientRect(), z=box.currentCSSZoom||1;
  box.style.left=(r.left/z+scrollX/z)+'px'; box.style.top=(r.bottom/z+scrollY/z)+'px' };
</script>"""
TIMES = ("08:00", "09:30", "11:00", "13:00", "14:30", "16:00")


def _make_booking(chance: random.Random, number: int) -> Sheet:
    wanted = day(chance, -20, 85)
    return {
        "id": f"BK-{880 + 2 * number}",
        "customer": person(chance),
        "service": f"{chance.choice(GOODS)}, {chance.choice(COMPANIES)}",
        "wanted": f"{wanted:%A}, {long_date(wanted)}",
        "time": chance.choice(TIMES),
        "date": wanted,
    }


def _booking(visit: PageRequest) -> Answer:
    ui = visit.ui
    match visit.method, visit.path:
        case "GET", ():
            return ui.page("home", ui.t("Bookings"), ui.card("<p>" + ui.t("Number") + ": BK-...</p>"))
        case "GET", ("case", number):
            row = visit.row("SELECT * FROM booking WHERE id = ?", number)
            facts = [
                ("Customer", row["customer"]), ("Item", row["service"]), ("Wanted on", row["wanted"]), ("Time", row["time"])
            ]  # fmt: skip
            if row["day"] is not None:
                return ui.page(f"booked {number}", f"Booking {number}", ui.note(f"Booking {number} is confirmed."))
            calendar = _CALENDAR % {"months": list(MONTHS), "year": TODAY.year, "month": TODAY.month - 1}
            form = ui.form(
                "/save",
                ui.text("day", "Day", readonly=True),
                ui.select("at", "Time", TIMES),
                ui.button("save", "Book"),
            )
            return ui.page(f"case {number}", f"Booking {number}", ui.card(ui.facts(facts)), form, calendar)
        case "POST", ("save",):
            sql = "UPDATE booking SET day = ?, at = ? WHERE id = ?"
            visit.write("booking", (sql, (visit.value("day"), visit.value("at"), visit.value("case"))))
            return Redirect(to=f"/case/{visit.value('case')}")
    raise LookupError(visit.path)


def _month(look: Look) -> str:
    return str(look["items"]["month"]["value"]) if "month" in look["items"] else ""


def _booking_script(sheet: Sheet) -> Sequence[Step]:
    wanted = sheet["date"]
    month = f"{MONTHS[wanted.month - 1]} {wanted.year}"
    steps: list[Step] = [
        Open(text=sheet["id"], page=f"case {sheet['id']}"),
        Press(name="day", until=lambda look: bool(_month(look))),
    ]
    turn = "next" if wanted > TODAY else "previous"
    steps.append(PressAgain(name=turn, until=holds("month", month), seen=_month))
    written = f"{wanted:%d/%m/%Y}"
    steps.append(Press(name=f"day:{wanted.day}", until=holds("day", written)))
    return [
        *steps,
        Fill(values={"at": sheet["time"]}),
        Press(name="save", until=page_is(f"booked {sheet['id']}")),
    ]


DATE_PICKER = JobKind(
    name="date_picker",
    what="book the wanted day in a calendar that is turned month by month, and the wanted time from a list",
    program=WebProgram(
        title="Bookings",
        look="bootstrap",
        schema="CREATE TABLE booking (id TEXT PRIMARY KEY, customer, service, wanted, time, day, at);",
        fill=insert_rows("booking", "id", "customer", "service", "wanted", "time"),
        serve=_booking,
    ),
    make=_make_booking,
    slots=one_slot("booking"),
    script=_booking_script,
    asked=lambda sheet: Asked(
        changes=(
            RowChange(
                table="booking",
                where={"id": sheet["id"]},
                values={"day": f"{sheet['date']:%d/%m/%Y}", "at": sheet["time"]},
            ),
        )
    ),
)
