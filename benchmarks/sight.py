"""Whether controls are seen as what they are: ``python -m benchmarks.sight [--verbose] [--pictures FOLDER] [--variant NAME]``.

One page with every kind of control is shown by a real Chromium in five looks, five scales, two faces, and the same kinds by
Tk; the document (or Tk itself) says where each control is, what it is and what it holds. A control is found when an element of
its kind (and role, where it has one) overlaps its box by half or more (intersection over union); its state and text count
apart. A false control is one that is seen where there is none.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.perception import CHROMIUM, screenshot
from benchmarks.report import report
from crewless.body.screen.display import Display
from crewless.core.errors import MissingTool
from crewless.core.messages import Box, Element, Observation
from crewless.perception.overlay import draw
from crewless.perception.screen import ScreenPerception, frame_of

LOOKS: dict[str, str] = {
    "plain": "",
    "bootstrap": """body{color:#212529}.f{border:1px solid #ced4da;border-radius:6px;padding:6px 12px;font:inherit;background:#fff}
      button{border:1px solid #6c757d;background:#6c757d;color:#fff;border-radius:6px;padding:6px 12px;font:inherit}
      .g .f{border-radius:6px 0 0 6px;margin:0}.g button{border-radius:0 6px 6px 0;margin:0}
      .note{background:#cff4fc;border:1px solid #9eeaf9;border-radius:6px;padding:10px}.ro{border:1px solid #ced4da;background:#e9ecef;border-radius:6px;padding:6px 12px}
      td,th{border:1px solid #dee2e6;padding:6px 8px}.tab.on{border:1px solid #dee2e6;border-bottom-color:#fff;border-radius:6px 6px 0 0}.tabs{border-bottom:1px solid #dee2e6}.tab{margin-bottom:-1px}
      .dlg{border:1px solid #adb5bd;border-radius:8px}.menu{background:#f8f9fa}""",
    "material": """body{color:#1c1b1f}.f{border:1px solid #79747e;border-radius:4px;padding:9px 14px;font:inherit;background:#fff}
      button{border:0;background:#6750a4;color:#fff;border-radius:18px;padding:9px 22px;font:inherit}
      .g .f{border-radius:4px 0 0 4px;margin:0}.g button{border-radius:0 4px 4px 0;margin:0}
      .note{background:#f3edf7;border-radius:12px;padding:12px}.ro{border:1px solid #79747e;border-radius:4px;padding:9px 14px}
      td,th{border-bottom:1px solid #cac4d0;padding:8px}.tab.on{border-bottom:3px solid #6750a4}
      .dlg{background:#ece6f0;border-radius:24px}input{accent-color:#6750a4}.menu{background:#fef7ff}""",
    "classic": """body{background:#c0c0c0;color:#000}.f{border:2px inset #fff;padding:3px;font:inherit;background:#fff}
      button{border:2px outset #fff;background:#c0c0c0;color:#000;padding:3px 12px;font:inherit}
      .note{border:2px groove #fff;padding:8px}.ro{border:2px inset #fff;background:#c0c0c0;padding:3px}
      td,th{border:1px solid #808080;background:#fff;padding:3px 6px}.tab{border:2px outset #fff}.tab.on{border-bottom-color:#c0c0c0}.dlg{border:2px outset #fff}.menu{border-bottom:1px solid #808080}""",
    "dark": """body{background:#1e1f22;color:#dfe1e5}.f{border:1px solid #4e5157;border-radius:4px;padding:6px 10px;font:inherit;background:#2b2d30;color:#dfe1e5}
      button{border:1px solid #4e5157;background:#393b40;color:#dfe1e5;border-radius:4px;padding:6px 14px;font:inherit}
      .g .f{border-radius:4px 0 0 4px;margin:0}.g button{border-radius:0 4px 4px 0;margin:0}
      .note{background:#25324d;border:1px solid #35538f;padding:10px;border-radius:4px}.ro{border:1px solid #4e5157;padding:6px 10px;border-radius:4px}
      td,th{border:1px solid #43454a;padding:6px 8px}.tab.on{border-bottom:3px solid #3574f0}.dlg{border:1px solid #43454a;background:#2b2d30}.menu{background:#2b2d30}:root{color-scheme:dark}""",
}  # fmt: skip

BODY = """
<div class=menu><span class=mi>File</span><span class=mi>Edit</span><span class=mi>View</span><span class=mi>Help</span></div>
<div class=cols><div class=col>
<p><label>First name</label><br><input class=f data-k=field value="Margaret" size=18></p>
<p><label>Reference</label><br><input class=f data-k=field size=18></p>
<p class=g><input class=f data-k=field value="shoes" size=12><button data-k=button>Search</button></p>
<p class=g><button data-k=button>Back</button><button data-k=button>Next</button><button data-k=button>Last</button></p>
<p><label>Password</label><br><input class=f type=password data-k=field data-r=bullets value="longsecret12" size=18></p>
<p><label>Old code</label><br><input class=f type=password data-k=field data-r=bullets value="abcd" size=18></p>
<p><label>Team</label><br><select class=f data-k=select><option>Card delivery<option>Refunds</select></p>
<p><label>Quantity</label><br><input class=f type=number data-k=field value=12 style="width:90px"></p>
<p><label>Disabled</label><br><input class=f data-k=field value="fixed" disabled size=10> <button data-k=button disabled>Delete</button></p>
</div><div class=col>
<p><label>Message</label><br><textarea class=f data-k=textarea rows=3 cols=26>Dear Margaret,
your card is on its way.</textarea></p>
<div class=note data-k=words>The case was changed by another user. Load it again before saving.</div>
<p><label>Total</label></p><div class=ro data-k=words style="width:130px">1,249.00</div>
<p><input type=checkbox data-k=checkbox checked> Send a copy<br><input type=checkbox data-k=checkbox> Archive<br>
<input type=radio name=r data-k=radio> Post<br><input type=radio name=r data-k=radio checked> Courier</p>
<p>Volume<br><input type=range data-k=icon data-r=slider min=0 max=100 value=30 style="width:200px"></p>
<p>Zoom<br><input type=range data-k=icon data-r=slider min=0 max=100 value=75 style="width:160px"></p>
<p><button data-k=button>Save</button> <button data-k=button>Cancel and close</button></p>
<div class=tabs><span class="tab on" data-k=tab>Details</span><span class=tab data-k=tab>History</span><span class=tab data-k=tab>Files</span></div>
</div><div class=col>
<table class=grid><tr><th data-k=words data-r=cell>Item<th data-k=words data-r=cell>Count<th data-k=words data-r=cell>Price<tr><td data-k=words data-r=cell>Boots<td data-k=words data-r=cell>3<td data-k=words data-r=cell>59.90<tr><td data-k=words data-r=cell>Lamp<td data-k=words data-r=cell>12<td data-k=words data-r=cell>8.25<tr><td data-k=words data-r=cell>Chair<td data-k=words data-r=cell>1<td data-k=words data-r=cell>120.00</table>
<table class=cal id=cal></table>
<div class=dlg><b>Delete this item?</b><p data-k=words>It cannot be restored.</p><button data-k=button>Yes</button> <button data-k=button>No</button></div>
<div class=tree><div data-k=words>&#9662; Inbox</div><div data-k=words style="margin-left:18px">&#9656; Billing</div><div data-k=words style="margin-left:18px">Returns</div></div>
<p class=icons><svg data-k=icon width=20 height=20 viewBox="0 0 20 20"><path d="M4 3h12v14H4z" fill=none stroke=currentColor stroke-width=2 /><path d="M7 7h6M7 11h6" stroke=currentColor stroke-width=2 /></svg>
<svg data-k=icon width=20 height=20 viewBox="0 0 20 20"><path d="M3 10h11M10 5l5 5-5 5" fill=none stroke=currentColor stroke-width=2.5 /></svg>
<svg data-k=icon width=20 height=20 viewBox="0 0 20 20"><circle cx=8.5 cy=8.5 r=5 fill=none stroke=currentColor stroke-width=2 /><path d="M12 12l5 5" stroke=currentColor stroke-width=2.5 /></svg>
<svg data-k=icon width=20 height=20 viewBox="0 0 20 20"><path d="M3 6h14M6 6l1 11h6l1-11M8 3h4" fill=none stroke=currentColor stroke-width=2 /></svg></p>
</div></div>
<script>let h='<tr>'+['Mo','Tu','We','Th','Fr','Sa','Su'].map(d=>`<td>${d}`).join('');let n=-1;for(let w=0;w<5;w++){h+='<tr>';for(let d=0;d<7;d++){n++;h+=n<1||n>30?'<td>':`<td data-k=words data-r=day>${n}`}}document.getElementById('cal').innerHTML=h</script>
"""  # fmt: skip
BASE = """*{box-sizing:border-box}body{margin:0;font:%dpx %s}p{margin:0 0 9px}.cols{display:flex;gap:28px;padding:8px 20px}.menu{padding:4px 12px}.mi{padding:3px 12px}
.col{width:300px}.note{width:270px;margin-bottom:9px}.tabs{display:flex;gap:6px;margin-top:10px}.tab{padding:6px 14px}.g{display:flex}
table{border-collapse:collapse;margin-bottom:12px}.cal td{border:0!important;background:none!important;padding:4px 8px;text-align:center}.dlg{padding:12px;width:240px;margin-bottom:10px}.dlg p{margin:6px 0 10px}.icons svg{margin-right:22px}label{display:inline-block;margin-bottom:3px}.tree div{padding:2px 0}"""

TRUTH = r"""
() => [...document.querySelectorAll('[data-k]')].map(el => {
  const r = el.getBoundingClientRect(), tag = el.tagName;
  let text = tag === 'SELECT' ? el.options[el.selectedIndex].text : tag === 'INPUT' || tag === 'TEXTAREA' ? el.value : el.textContent.trim();
  if (el.type === 'password' || el.type === 'checkbox' || el.type === 'radio' || el.type === 'range') text = '';
  return {kind: el.dataset.k, role: el.dataset.r || '', text, box: [r.left, r.top, r.right, r.bottom],
          checked: !!el.checked && el.type !== 'range', value: el.type === 'range' ? el.value / 100 : null};
}).filter(c => c.box[3] <= innerHeight && c.box[2] <= innerWidth)
"""  # fmt: skip

VARIANTS = tuple(
    [(look, 1.0, "'Liberation Sans'", 14) for look in LOOKS]
    + [("bootstrap", scale, "'DejaVu Sans'", 14) for scale in (0.9, 1.25, 1.5, 2.0)]
    + [("plain", 1.5, "'Liberation Sans'", 14), ("dark", 1.25, "'Liberation Sans'", 14), ("classic", 1.25, "'Liberation Sans'", 14)]
    + [("bootstrap", 1.0, "'Liberation Serif'", 16), ("material", 1.0, "'DejaVu Serif'", 13), ("material", 1.5, "'DejaVu Sans'", 14)]
)  # fmt: skip

Truth = list[dict[str, Any]]


def web_shots() -> list[tuple[str, np.ndarray, Truth]]:
    """Name, picture and truth of each look."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        raise MissingTool("no Chromium found", alternatives=["apt-get install chromium"])
    out = []
    with Display(1280, 800) as display, sync_playwright() as play:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-device-scale-factor=1"]
        browser = play.chromium.launch(
            executable_path=CHROMIUM, headless=False, env={**display.environment()}, args=flags
        )
        for look, scale, face, size in VARIANTS:
            wide, high = (1280, 800) if scale <= 1 else (round(1000 * scale), round(800 * scale))
            page = browser.new_page(viewport={"width": wide, "height": high})
            page.set_content(
                f"<!doctype html><meta charset=utf-8><style>{BASE % (size, face)}{LOOKS[look]}</style>{BODY}"
            )
            if scale != 1.0:
                page.evaluate(f"document.documentElement.style.zoom = {scale}")
            name = f"{look} {round(100 * scale)} %" + (f" {face}" if "Liberation Sans" not in face else "")
            truth = page.evaluate(TRUTH)
            if look == "plain":
                # Without a style sheet nothing shows that they are tabs.
                truth = [own | {"kind": "words"} if own["kind"] == "tab" else own for own in truth]
            out.append((name, screenshot(page), truth))
            page.close()
        browser.close()
    return out


TK = r"""
import json, sys, tkinter as tk
from tkinter import ttk
root = tk.Tk(); root.geometry("700x620+20+20"); style = ttk.Style(); style.theme_use(sys.argv[1])
seen = []
def put(widget, kind, text="", role="", checked=False, value=None):
    widget.pack(anchor="w", padx=12, pady=4); seen.append((widget, kind, text, role, checked, value)); return widget
ttk.Label(root, text="Name").pack(anchor="w", padx=12)
e = put(ttk.Entry(root, width=30), "field", "Margaret"); e.insert(0, "Margaret")
put(ttk.Entry(root, width=30), "field")
p = put(ttk.Entry(root, width=30, show="\u2022"), "field", role="bullets"); p.insert(0, "secret1234")
c = put(ttk.Combobox(root, values=["Refunds", "Cards"], width=20), "select", "Refunds"); c.set("Refunds")
s = put(ttk.Spinbox(root, from_=0, to=50, width=8), "field", "7"); s.set(7)
put(ttk.Button(root, text="Save order"), "button", "Save order")
put(ttk.Button(root, text="Cancel", state="disabled"), "button", "Cancel")
a, b, r = tk.IntVar(value=1), tk.IntVar(value=0), tk.IntVar(value=1)
put(ttk.Checkbutton(root, text="Send a copy", variable=a), "checkbox", "", checked=True)
put(ttk.Checkbutton(root, text="Archive", variable=b), "checkbox")
put(ttk.Radiobutton(root, text="Post", variable=r, value=0), "radio")
put(ttk.Radiobutton(root, text="Courier", variable=r, value=1), "radio", checked=True)
sc = put(ttk.Scale(root, from_=0, to=100, length=220), "icon", role="slider", value=0.3); sc.set(30)
t = put(tk.Text(root, width=40, height=3), "textarea", "Dear Margaret"); t.insert("1.0", "Dear Margaret")
lb = tk.Listbox(root, height=4); lb.pack(anchor="w", padx=12, pady=4); [lb.insert("end", x) for x in ("Billing", "Refunds", "Cards", "Returns")]; lb.selection_set(1)
n = ttk.Notebook(root); n.add(ttk.Frame(n, height=20, width=300), text="Details"); n.add(ttk.Frame(n), text="History"); n.pack(anchor="w", padx=12, pady=6)
root.update(); root.after(600, lambda: (print(json.dumps([dict(kind=k, text=x, role=o, checked=c, value=v, box=[w.winfo_rootx(), w.winfo_rooty(), w.winfo_rootx()+w.winfo_width(), w.winfo_rooty()+w.winfo_height()]) for w, k, x, o, c, v in seen] + [dict(kind="option", text=lb.get(i), role="", checked=False, value=None, box=[lb.winfo_rootx()+2, lb.winfo_rooty()+lb.bbox(i)[1], lb.winfo_rootx()+lb.winfo_width()-2, lb.winfo_rooty()+lb.bbox(i)[1]+lb.bbox(i)[3]]) for i in range(4)]), flush=True)))
root.mainloop()
"""  # fmt: skip


def tk_shots() -> list[tuple[str, np.ndarray, Truth]]:
    """The same kinds in three themes of Tk."""
    import mss

    out = []
    for theme in ("default", "clam", "alt"):
        # The connection is held from the start: a server that has lost its last client throws out the next one.
        with Display(1280, 800) as display, mss.MSS(display=display.name) as source:
            program = subprocess.Popen(
                [sys.executable, "-c", TK, theme], stdout=subprocess.PIPE, text=True, env={**display.environment()}
            )
            assert program.stdout is not None
            truth = json.loads(program.stdout.readline())
            time.sleep(0.6)
            bgra = np.frombuffer(source.grab(source.monitors[1]).bgra, np.uint8).reshape(800, 1280, 4)
            program.kill()
            program.wait(10)
        truth = [t for t in truth if t["text"] or t["kind"] != "words"]
        out.append((f"Tk {theme}", np.ascontiguousarray(bgra[:, :, 2::-1]), truth))
    return out


CONTROLS = ("field", "textarea", "select", "button", "checkbox", "radio", "tab", "option")


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    w, h = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (a.width * a.height + b.width * b.height - w * h)


def words_in(observation: Observation, box: Box) -> str:
    """What is read in a box as plain text, in reading order."""
    own = [
        e for e in observation.elements if e.text and box.contains(e.box.centre) and e.kind not in ("option", "select")
    ]
    return " ".join(e.text for e in own)


def score(observation: Observation, truth: Truth) -> dict[str, Any]:
    """Counts, and what is wrong in words."""
    row = {
        "controls": 0,
        "found": 0,
        "texts": 0,
        "exact": 0,
        "states": 0,
        "right": 0,
        "false": 0,
        "roles": 0,
        "cast": 0,
    }
    wrong: list[str] = []
    boxes: list[tuple[Box, str]] = []
    for own in truth:
        box = Box(*(round(v) for v in own["box"]))
        boxes.append((box, own["kind"]))
        if own["kind"] == "words":
            row["texts"] += 1
            got = words_in(observation, Box(box.x0 - 2, box.y0 - 2, box.x1 + 2, box.y1 + 2))
            expected = " ".join(own["text"].replace("▾", "").replace("▸", "").split())
            row["exact"] += got == expected
            if got != expected:
                wrong.append(f"words {expected!r} read as {got!r} at {tuple(box)}")
            if own["role"]:
                row["roles"] += 1
                inside = [e for e in observation.elements if box.contains(e.box.centre)]
                row["cast"] += any(e.role == own["role"] for e in inside)
            continue
        row["controls"] += 1
        least = 0.3 if own["kind"] in ("tab", "icon") else 0.5
        hits = [e for e in observation.elements if e.kind == own["kind"] and _hits(e, box, least)]
        if own["role"] == "slider":
            hits = [e for e in observation.elements if e.role == "slider" and box.contains(e.box.centre)]
        if not hits:
            row["texts"] += bool(own["text"])
            near = [
                (e.kind, e.text, tuple(e.box))
                for e in observation.elements
                if overlap(e.box, box) > 0.05 or box.contains(e.box.centre)
            ]
            wrong.append(f"no {own['kind']} {own['role']} {own['text']!r} at {tuple(box)}; there: {near[:4]}")
            continue
        row["found"] += 1
        hit = max(hits, key=lambda e: overlap(e.box, box))
        if own["role"]:
            row["roles"] += 1
            row["cast"] += hit.role == own["role"]
            if hit.role != own["role"]:
                wrong.append(f"{own['kind']} at {tuple(box)} is {own['role']}, seen as {hit.role!r} {hit.text!r}")
        if own["value"] is not None:
            row["states"] += 1
            row["right"] += hit.value is not None and abs(hit.value - own["value"]) <= 0.05
            if hit.value is None or abs(hit.value - own["value"]) > 0.05:
                wrong.append(f"slider at {own['value']}, seen at {hit.value}")
        if own["kind"] in ("checkbox", "radio"):
            row["states"] += 1
            row["right"] += ("checked" in hit.state) == own["checked"]
            if ("checked" in hit.state) != own["checked"]:
                wrong.append(f"{own['kind']} at {tuple(box)} checked={own['checked']}")
        elif own["kind"] != "icon" and own["role"] != "bullets":
            row["texts"] += 1
            row["exact"] += " ".join(hit.text.split()) == " ".join(own["text"].split())
            if " ".join(hit.text.split()) != " ".join(own["text"].split()):
                wrong.append(f"{own['kind']} {own['text']!r} read as {hit.text!r}")
    for element in observation.elements:
        if element.kind in CONTROLS and not any(
            _hits(element, box, 0.3) or box.contains(element.box.centre)
            for box, kind in boxes
            if kind not in ("words", "icon") or (element.kind == "field" and element.text)
        ):
            row["false"] += 1
            wrong.append(f"false {element.kind} {element.text!r} {tuple(element.box)}")
    return {**row, "wrong": wrong}


def _hits(element: Element, box: Box, least: float) -> bool:
    if element.kind in ("checkbox", "radio"):
        # Tk counts the text beside it to the control.
        return box.contains(element.box.centre)
    if element.kind == "icon" and not element.role:
        return box.contains(element.box.centre) and element.box.width <= box.width + 4
    return overlap(element.box, box) >= least


def main() -> None:
    """Print and store the table, a row a picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="print every mistake")
    parser.add_argument("--pictures", type=Path, help="write each picture with what was seen in it into this folder")
    parser.add_argument("--variant", default="", help="added to the result's name")
    arguments = parser.parse_args()
    shots = web_shots()
    try:
        shots += tk_shots()
    except (ImportError, OSError, json.JSONDecodeError) as error:
        print(f"without Tk: {error}", file=sys.stderr)
    report_on(shots, verbose=arguments.verbose, pictures=arguments.pictures, variant=arguments.variant)


def report_on(
    shots: list[tuple[str, np.ndarray, Truth]],
    *,
    verbose: bool = False,
    pictures: Path | None = None,
    variant: str = "",
) -> None:
    """Score pictures, print and store the table."""
    import cv2

    perception = ScreenPerception()
    rows: list[dict[str, Any]] = []
    for number, (name, rgb, truth) in enumerate(shots):
        observation = perception.perceive(frame_of(rgb, index=4 * number + 2))
        row = score(observation, truth)
        known = perception.perceive(frame_of(np.ascontiguousarray(np.roll(rgb, 3, axis=0)), index=4 * number + 4)).cpu_s
        rows.append({"picture": name, **row, "control_recall": row["found"] / row["controls"], "text_exact": row["exact"] / row["texts"], "state_right": row["right"] / max(1, row["states"]), "role_right": row["cast"] / max(1, row["roles"]), "known_cpu_ms": known * 1e3})  # fmt: skip
        if verbose:
            print(name + "".join(f"\n    {line}" for line in row["wrong"]))
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(
                str(pictures / f"{name.replace(' ', '_').replace('%', '')}.png"), draw(rgb, observation)[:, :, ::-1]
            )
    total = {key: sum(row[key] for row in rows) for key in ("controls", "found", "texts", "exact", "states", "right", "false", "roles", "cast")}  # fmt: skip
    rows.append({"picture": "all", **total, "control_recall": total["found"] / total["controls"], "text_exact": total["exact"] / total["texts"], "state_right": total["right"] / max(1, total["states"]), "role_right": total["cast"] / max(1, total["roles"]), "known_cpu_ms": float(np.mean([row["known_cpu_ms"] for row in rows]))})  # fmt: skip
    columns = (
        "picture",
        "controls",
        "control_recall",
        "false",
        "texts",
        "text_exact",
        "state_right",
        "role_right",
        "known_cpu_ms",
    )
    report(
        "sight",
        rows,
        columns,
        ["known_cpu_ms: a frame whose words are all known, moved by three pixels"],
        variant=variant,
    )


if __name__ == "__main__":
    main()
