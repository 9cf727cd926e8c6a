"""Orders: a Tk program in which orders can be looked up, at the left of the screen. ``orders.py DATABASE STATE``"""

import sqlite3
import sys
import tkinter as tk
from pathlib import Path

from tk_state import TkState

SHOWN = (("customer", "Customer"), ("street", "Street"), ("city", "Town"), ("item", "Goods"), ("grams", "Weight"))


def main(database: str, state_file: str) -> None:
    """Run until the window is closed."""
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    root = tk.Tk()
    root.title("Orders")
    root.geometry("560x560+10+40")
    font = ("Liberation Sans", 13)
    state = TkState(root, Path(state_file))
    state.page = "home"
    number = tk.StringVar()
    frame = tk.Frame(root, padx=18, pady=18)
    frame.pack(fill="both", expand=True)
    tk.Label(frame, text="Order", font=font).grid(row=0, column=0, sticky="w")
    search = tk.Entry(frame, textvariable=number, font=font, width=16)
    search.grid(row=0, column=1, sticky="w", pady=14)
    shown = tk.StringVar(value="-")
    heading = tk.Label(frame, textvariable=shown, font=("Liberation Sans", 15, "bold"))
    heading.grid(row=1, column=0, columnspan=2, sticky="w")
    texts = {name: tk.StringVar() for name, _ in SHOWN}
    for row, (name, label) in enumerate(SHOWN, 2):
        tk.Label(frame, text=label, font=font, fg="#555").grid(row=row, column=0, sticky="w", pady=7, padx=(0, 24))
        tk.Label(frame, textvariable=texts[name], font=font).grid(row=row, column=1, sticky="w")

    def load(_: object = None) -> None:
        row = db.execute("SELECT * FROM orders WHERE id = ?", (number.get().strip(),)).fetchone()
        for name, _ in SHOWN:
            texts[name].set("" if row is None else row[name])
        shown.set("There is no such order" if row is None else row["id"])
        number.set("")

    state.add("search", search, number.get)
    state.add("shown", heading, shown.get)
    search.bind("<Return>", load)
    root.mainloop()


if __name__ == "__main__":
    main(*sys.argv[1:])
