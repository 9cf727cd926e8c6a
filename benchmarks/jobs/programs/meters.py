"""Meters: a curses program in which meter readings are entered. ``meters.py DATABASE STATE``

Tab and the arrows go from field to field, ctrl+u and ctrl+a empty one, Return looks a meter up, F2 saves, Escape goes back.
"""

import curses
import json
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

FIELDS = (("reading", "Reading", 12), ("used", "Consumption", 12), ("code", "Code (A or E)", 3))


class Program:
    """The program's state and its screen."""

    def __init__(self, screen: Any, database: str, state_file: str) -> None:
        self.screen, self.state = screen, Path(state_file)
        self.db = sqlite3.connect(database)
        self.db.row_factory = sqlite3.Row
        self.number, self.message = "", "Type the number of a meter and press Return"
        self.row: sqlite3.Row | None = None
        self.values = {name: "" for name, _, _ in FIELDS}
        self.at = 0

    @property
    def page(self) -> str:
        """What the operator calls it."""
        return f"case {self.row['id']}" if self.row is not None else self.message

    def draw(self) -> None:
        """Draw everything anew."""
        screen = self.screen
        screen.erase()
        screen.addstr(0, 0, " METER READINGS".ljust(78), curses.A_REVERSE)
        screen.addstr(2, 2, "Meter number")
        screen.addstr(2, 22, self.number.ljust(14), curses.A_UNDERLINE)
        y, x = 2, 22 + len(self.number)
        if self.row is not None:
            facts = (("Customer", "customer"), ("Place", "place"), ("Last reading", "last"), ("Reported", "reported"), ("Reported by", "source"))  # fmt: skip
            for line, (label, name) in enumerate(facts, 4):
                screen.addstr(line, 2, label)
                screen.addstr(line, 22, str(self.row[name]))
            for line, (name, label, width) in enumerate(FIELDS):
                screen.addstr(11 + 2 * line, 2, label)
                screen.addstr(11 + 2 * line, 22, self.values[name].ljust(width), curses.A_UNDERLINE)
            name = FIELDS[self.at][0]
            y, x = 11 + 2 * self.at, 22 + len(self.values[name])
        screen.addstr(20, 2, self.message)
        screen.addstr(22, 0, " Tab next field   F2 save   Esc back".ljust(78), curses.A_REVERSE)
        screen.move(y, x)
        screen.refresh()

    def write_state(self) -> None:
        """Where the focus is and what the fields hold."""
        asking = self.row is None
        items = {"search": {"box": None, "value": self.number if asking else "", "order": 0, "focused": asking, "kind": "entry"}}  # fmt: skip
        for order, (name, _, _) in enumerate(FIELDS):
            if not asking:
                items[name] = {
                    "box": None,
                    "value": self.values[name],
                    "order": order,
                    "focused": order == self.at,
                    "kind": "entry",
                }
        state = {
            "at_s": time.time(),
            "page": self.page,
            "items": items,
            "view": [0, 0, 800, 600],
            "scrolled": 0,
            "end": 0,
        }
        half = self.state.with_suffix(".half")
        half.write_text(json.dumps(state))
        os.replace(half, self.state)

    def key(self, key: Any) -> None:
        """Take a key in."""
        if self.row is None:
            if key in ("\n", "\r"):
                self.look_up()
            else:
                self.number = edited(self.number, key, 14)
            return
        name, _, width = FIELDS[self.at]
        if key in ("\t", curses.KEY_DOWN, "\n", "\r"):
            self.at = (self.at + 1) % len(FIELDS)
        elif key in (curses.KEY_UP, curses.KEY_BTAB):
            self.at = (self.at - 1) % len(FIELDS)
        elif key == curses.KEY_F2:
            self.save()
        elif key == "\x1b":
            self.back("Type the number of a meter and press Return")
        else:
            self.values[name] = edited(self.values[name], key, width)

    def look_up(self) -> None:
        """Show the meter."""
        row = self.db.execute("SELECT * FROM meter WHERE id = ?", (self.number.strip(),)).fetchone()
        if row is None:
            self.message = f"There is no meter {self.number}"
            return
        self.row, self.at, self.message = row, 0, ""
        self.values = dict.fromkeys(self.values, "")

    def save(self) -> None:
        """Write the reading and ask for the next meter."""
        assert self.row is not None
        number = self.row["id"]
        with self.db:
            values = tuple(self.values[name] for name, _, _ in FIELDS)
            self.db.execute("UPDATE meter SET reading = ?, used = ?, code = ? WHERE id = ?", (*values, number))
            self.db.execute("INSERT INTO journal (what) VALUES ('meter')")
        self.back(f"Meter {number} was saved")

    def back(self, message: str) -> None:
        """Ask for the next meter."""
        self.row, self.number, self.message = None, "", message


def edited(text: str, key: Any, width: int) -> str:
    """A field's text after a key."""
    if key in (curses.KEY_BACKSPACE, "\x7f", "\x08"):
        return text[:-1]
    if key in ("\x15", "\x01"):
        return ""
    return text + key if isinstance(key, str) and key.isprintable() and len(text) < width else text


def main(screen: Any) -> None:
    """Run until it is killed."""
    curses.curs_set(1)
    screen.timeout(60)
    program = Program(screen, *sys.argv[1:])
    program.draw()
    while True:
        program.write_state()
        try:
            key = screen.get_wch()
        except curses.error:
            continue
        program.key(key)
        program.draw()


if __name__ == "__main__":
    os.environ.setdefault("ESCDELAY", "25")
    curses.wrapper(main)
