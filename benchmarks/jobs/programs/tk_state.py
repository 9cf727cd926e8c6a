"""What a Tk program writes down about itself, for the operator."""

import json
import os
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import ttk

_EVERY_MS = 60


class TkState:
    """Writes several times a second where the widgets are and what they hold.

    Args:
        root: the program's window.
        file: where to.
    """

    def __init__(self, root: tk.Tk, file: Path) -> None:
        self._root, self._file = root, file
        self._widgets: dict[str, tk.Widget] = {}
        self._values: dict[str, Callable[[], object]] = {}
        self.page = ""
        root.after(_EVERY_MS, self._write)

    def add(self, name: str, widget: tk.Widget, value: Callable[[], object] | None = None) -> None:
        """A widget, in the order of Tab, and how its value is had."""
        self._widgets[name] = widget
        self._values[name] = value or (lambda: "")
        if isinstance(widget, tk.Entry) and not isinstance(widget, ttk.Combobox):
            widget.bind("<Control-a>", _select_all)

    def _write(self) -> None:
        try:
            focus = self._root.focus_get()
        except KeyError:  # the list of a combobox, which tkinter does not know
            focus = None
        items = {}
        for order, (name, widget) in enumerate(self._widgets.items()):
            x, y = widget.winfo_rootx(), widget.winfo_rooty()
            box = [x, y, x + widget.winfo_width(), y + widget.winfo_height()] if widget.winfo_viewable() else None
            combo = isinstance(widget, ttk.Combobox)
            kind = {"TCombobox": "select", "Combobox": "select", "TCheckbutton": "checkbox", "TRadiobutton": "radio"}
            items[name] = {
                "box": box, "value": self._values[name](), "order": order, "focused": focus is widget, "options": [],
                "kind": kind.get(widget.winfo_class(), "entry"), **({"rows": self._rows(widget)} if combo else {}),
            }  # fmt: skip
            if combo:
                items[name]["options"] = list(widget["values"])
        root = self._root
        x, y = root.winfo_rootx(), root.winfo_rooty()
        view = [x, y, x + root.winfo_width(), y + root.winfo_height()]
        state = {"at_s": time.time(), "page": self.page, "items": items, "view": view, "scrolled": 0, "end": 0}
        half = self._file.with_suffix(".half")
        half.write_text(json.dumps(state))
        os.replace(half, self._file)
        root.after(_EVERY_MS, self._write)

    def _rows(self, combo: ttk.Combobox) -> dict[str, list[int]]:
        """The rows of a combobox's list, where it is open."""
        call = self._root.tk.call
        popdown = str(call("ttk::combobox::PopdownWindow", combo))
        listing = f"{popdown}.f.l"
        if not int(call("winfo", "viewable", listing)):
            return {}
        left, top = int(call("winfo", "rootx", listing)), int(call("winfo", "rooty", listing))
        found = {}
        for number, option in enumerate(combo["values"]):
            bbox = self._root.tk.splitlist(call(listing, "bbox", number))
            if bbox:
                x, y, width, height = map(int, bbox)
                found[option] = [left + x, top + y, left + x + max(width, 60), top + y + height]
        return found


def _select_all(event: "tk.Event[tk.Entry]") -> str:
    """What ctrl+a does in most programs; Tk's own goes to the beginning of the line."""
    event.widget.select_range(0, "end")
    event.widget.icursor("end")
    return "break"
