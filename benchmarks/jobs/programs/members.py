"""Members: a GTK program in which memberships are renewed. ``members.py DATABASE STATE``"""

import json
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import gi  # pyright: ignore[reportMissingImports] - the system's, not this environment's

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402  # pyright: ignore[reportMissingImports]

SHOWN = (("name", "Name"), ("born", "Born"), ("mail", "E-mail"), ("plan", "Plan wanted"), ("pays", "Pays by"))
PLANS = ("Basic", "Silver", "Gold", "Family")
PAYMENTS = ("Card", "Direct debit", "Cash")


class Members(Gtk.Window):
    """The program's only window."""

    def __init__(self, database: str, state_file: str) -> None:
        super().__init__(title="Members")
        self.db = sqlite3.connect(database)
        self.db.row_factory = sqlite3.Row
        self.state, self.page, self.row = Path(state_file), "home", None
        self.set_default_size(760, 620)
        grid = Gtk.Grid(column_spacing=24, row_spacing=12, margin=24)
        self.add(grid)
        self.search = Gtk.Entry(width_chars=14)
        self.search.connect("activate", self.load)
        grid.attach(Gtk.Label(label="Member number", xalign=0), 0, 0, 1, 1)
        grid.attach(self.search, 1, 0, 1, 1)
        self.texts = {}
        for row, (name, label) in enumerate(SHOWN, 1):
            grid.attach(Gtk.Label(label=label, xalign=0), 0, row, 1, 1)
            self.texts[name] = Gtk.Label(label="", xalign=0)
            grid.attach(self.texts[name], 1, row, 2, 1)
        grid.attach(Gtk.Separator(), 0, 6, 3, 1)
        self.address = Gtk.Entry(width_chars=32)
        self.plan = Gtk.ComboBoxText()
        for plan in PLANS:
            self.plan.append_text(plan)
        self.senior = Gtk.CheckButton(label="Senior rate")
        self.none = Gtk.RadioButton.new_with_label(None, "none")
        self.pays = {name: Gtk.RadioButton.new_with_label_from_widget(self.none, name) for name in PAYMENTS}
        box = Gtk.Box(spacing=16)
        for radio in self.pays.values():
            box.pack_start(radio, False, False, 0)
        self.renew = Gtk.Button(label="Renew", halign=Gtk.Align.START)
        self.renew.connect("clicked", self.save)
        rows = (
            ("Contact", self.address),
            ("Plan", self.plan),
            ("Payment", box),
            ("", self.senior),
            ("", self.renew),
        )
        for row, (label, widget) in enumerate(rows, 7):
            grid.attach(Gtk.Label(label=label, xalign=0), 0, row, 1, 1)
            grid.attach(widget, 1, row, 2, 1)
        self.status = Gtk.Label(label="Type the number of a member and press Return", xalign=0)
        grid.attach(self.status, 0, 12, 3, 1)
        self.connect("destroy", Gtk.main_quit)
        GLib.timeout_add(60, self.write_state)

    def load(self, _: Any) -> None:
        """Show a member."""
        wanted = self.search.get_text().strip()
        self.clear()
        self.row = self.db.execute("SELECT * FROM member WHERE id = ?", (wanted,)).fetchone()
        if self.row is None:
            self.page = "lost"
            self.status.set_text(f"There is no member {wanted}")
            return
        for name, _ in SHOWN:
            self.texts[name].set_text(self.row[name])
        self.page = f"case {wanted}"
        self.status.set_text(f"Member {wanted}")

    def save(self, _: Any) -> None:
        """Renew the membership that is shown."""
        if self.row is None:
            self.status.set_text("Type the number of a member first")
            return
        number = self.row["id"]
        pays = next((name for name, radio in self.pays.items() if radio.get_active()), "")
        with self.db:
            self.db.execute(
                "UPDATE member SET contact = ?, new_plan = ?, payment = ?, senior = ? WHERE id = ?",
                (
                    self.address.get_text().strip(),
                    self.plan.get_active_text() or "",
                    pays,
                    int(self.senior.get_active()),
                    number,
                ),
            )
            self.db.execute("INSERT INTO journal (what) VALUES ('member')")
        self.clear()
        self.search.set_text("")
        self.search.grab_focus()
        self.page = f"renewed {number}"
        self.status.set_text(f"Member {number} is renewed")

    def clear(self) -> None:
        """Empty the form."""
        self.row = None
        for label in self.texts.values():
            label.set_text("")
        self.address.set_text("")
        self.plan.set_active(-1)
        self.senior.set_active(False)
        self.none.set_active(True)

    def write_state(self) -> bool:
        """Where the widgets are and what they hold."""
        widgets: dict[str, tuple[Any, str, object]] = {
            "search": (self.search, "entry", self.search.get_text()),
            "contact": (self.address, "entry", self.address.get_text()),
            "plan": (self.plan, "select", self.plan.get_active_text() or ""),
            **{f"pays:{n}": (radio, "radio", radio.get_active()) for n, radio in self.pays.items()},
            "senior": (self.senior, "checkbox", self.senior.get_active()),
            "renew": (self.renew, "button", ""),
        }
        items = {}
        for order, (name, (widget, kind, value)) in enumerate(widgets.items()):
            items[name] = {
                "box": place_of(widget), "value": value, "order": order, "focused": widget.has_focus(), "kind": kind, "options": [],
            }  # fmt: skip
            if kind == "select":
                items[name]["options"] = list(PLANS)
                items[name]["rows"] = self.rows()
        width, height = self.get_size()
        state = {
            "at_s": time.time(),
            "page": self.page,
            "items": items,
            "view": [0, 0, width, height],
            "scrolled": 0,
            "end": 0,
        }
        half = self.state.with_suffix(".half")
        half.write_text(json.dumps(state))
        os.replace(half, self.state)
        return True

    def rows(self) -> dict[str, list[int]]:
        """The rows of the list of plans, where it is open."""
        popup = self.plan.get_popup_accessible()
        menu = popup.get_widget() if popup is not None else None
        if menu is None or not menu.get_visible() or not menu.get_mapped():
            return {}
        places = (place_of(row) for row in menu.get_children())
        return {plan: place for plan, place in zip(PLANS, places, strict=False) if place is not None}


def place_of(widget: Any) -> list[int] | None:
    """A widget's box in screen pixels."""
    window = widget.get_window()
    if window is None or not widget.get_mapped():
        return None
    _, left, top = window.get_origin()
    at = widget.get_allocation()
    # A widget with a window of its own has its place in its parent's.
    if widget.get_has_window():
        return [left, top, left + at.width, top + at.height]
    return [left + at.x, top + at.y, left + at.x + at.width, top + at.y + at.height]


if __name__ == "__main__":
    Gdk.set_program_class("Members")
    window = Members(*sys.argv[1:])
    window.show_all()
    Gtk.main()
