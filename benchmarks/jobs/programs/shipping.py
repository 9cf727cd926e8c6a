"""Shipping: a Tk program that makes labels, at the right of the screen. ``shipping.py DATABASE STATE``"""

import sqlite3
import sys
import tkinter as tk
from pathlib import Path
from tkinter import ttk

from tk_state import TkState

FIELDS = (("recipient", "Recipient"), ("address", "Address line"), ("postcode", "Postcode"), ("place", "Place"), ("kilos", "Weight in kg"))  # fmt: skip


def main(database: str, state_file: str) -> None:
    """Run until the window is closed."""
    db = sqlite3.connect(database)
    root = tk.Tk()
    root.title("Shipping labels")
    root.geometry("640x560+610+40")
    style = ttk.Style(root)
    style.theme_use("alt")
    style.configure(".", font=("DejaVu Sans", 11))
    state = TkState(root, Path(state_file))
    state.page = "ready 0"
    frame = ttk.Frame(root, padding=20)
    frame.pack(fill="both", expand=True)
    values = {name: tk.StringVar() for name, _ in FIELDS}
    entries = {}
    for row, (name, label) in enumerate(FIELDS):
        ttk.Label(frame, text=label).grid(row=row, column=0, sticky="w", pady=8, padx=(0, 20))
        entries[name] = ttk.Entry(frame, textvariable=values[name], width=34, font=("DejaVu Sans", 11))
        entries[name].grid(row=row, column=1, sticky="w")
        state.add(name, entries[name], values[name].get)
    make = ttk.Button(frame, text="Create label")
    make.grid(row=len(FIELDS), column=1, sticky="w", pady=14)
    state.add("make", make)
    status = tk.StringVar(value="No label yet")
    ttk.Label(frame, textvariable=status).grid(row=len(FIELDS) + 1, column=0, columnspan=2, sticky="w")
    made = 0

    def create() -> None:
        nonlocal made
        with db:
            columns = ", ".join(name for name, _ in FIELDS)
            texts = tuple(values[name].get().strip() for name, _ in FIELDS)
            db.execute(f"INSERT INTO label ({columns}) VALUES (?, ?, ?, ?, ?)", texts)
            db.execute("INSERT INTO journal (what) VALUES ('label')")
        made += 1
        status.set(f"Label for {values['recipient'].get()} was created")
        state.page = f"ready {made}"
        for variable in values.values():
            variable.set("")

    make.configure(command=create)
    root.mainloop()


if __name__ == "__main__":
    main(*sys.argv[1:])
