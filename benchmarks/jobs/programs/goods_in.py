"""Goods in: a Tk program in which deliveries are booked. ``goods_in.py DATABASE STATE``"""

import sqlite3
import sys
import tkinter as tk
from pathlib import Path
from tkinter import ttk

from tk_state import TkState

SHELVES = ("A1", "A2", "B1", "B2", "C1", "C2", "Yard")
SHOWN = (("supplier", "Supplier"), ("article", "Article"), ("ordered", "Ordered"), ("counted", "Counted"), ("broken", "Of these broken"), ("shelf", "Store in"))  # fmt: skip


def main(database: str, state_file: str) -> None:
    """Run until the window is closed."""
    db = sqlite3.connect(database)
    db.row_factory = sqlite3.Row
    root = tk.Tk()
    root.title("Goods in")
    root.geometry("860x600+180+60")
    style = ttk.Style(root)
    style.theme_use("clam")
    style.configure(".", font=("DejaVu Sans", 12))
    root.option_add("*TCombobox*Listbox.font", ("DejaVu Sans", 12))
    state = TkState(root, Path(state_file))
    state.page = "home"
    frame = ttk.Frame(root, padding=20)
    frame.pack(fill="both", expand=True)
    number, status = tk.StringVar(), tk.StringVar(value="Enter the number of a delivery")
    texts = {name: tk.StringVar() for name, _ in SHOWN}
    good, bad, shelf = tk.StringVar(), tk.StringVar(), tk.StringVar()
    complete = tk.BooleanVar()
    ttk.Label(frame, text="Delivery no.").grid(row=0, column=0, sticky="w", pady=6)
    search = ttk.Entry(frame, textvariable=number, width=18, font=("DejaVu Sans", 12))
    search.grid(row=0, column=1, sticky="w")
    ttk.Separator(frame).grid(row=1, column=0, columnspan=4, sticky="ew", pady=10)
    for at, (name, label) in enumerate(SHOWN):
        row, column = 2 + at // 2, 2 * (at % 2)
        ttk.Label(frame, text=f"{label}:").grid(row=row, column=column, sticky="w", pady=4)
        ttk.Label(frame, textvariable=texts[name]).grid(row=row, column=column + 1, sticky="w", padx=(8, 40))
    ttk.Separator(frame).grid(row=6, column=0, columnspan=4, sticky="ew", pady=10)
    fields = {}
    for row, (name, label, variable) in enumerate((("good", "Good pieces", good), ("bad", "Broken pieces", bad)), 7):
        ttk.Label(frame, text=label).grid(row=row, column=0, sticky="w", pady=6)
        fields[name] = ttk.Entry(frame, textvariable=variable, width=12, font=("DejaVu Sans", 12))
        fields[name].grid(row=row, column=1, sticky="w")
    ttk.Label(frame, text="Shelf").grid(row=9, column=0, sticky="w", pady=6)
    choice = ttk.Combobox(
        frame, textvariable=shelf, values=SHELVES, state="readonly", width=10, font=("DejaVu Sans", 12)
    )
    choice.grid(row=9, column=1, sticky="w")
    tick = ttk.Checkbutton(frame, text="Delivery is complete", variable=complete)
    tick.grid(row=10, column=1, sticky="w", pady=6)
    book = ttk.Button(frame, text="Book")
    book.grid(row=11, column=1, sticky="w", pady=10)
    ttk.Label(frame, textvariable=status).grid(row=12, column=0, columnspan=4, sticky="w", pady=10)

    def clear() -> None:
        for variable in (*texts.values(), good, bad, shelf):
            variable.set("")
        complete.set(False)

    def load(_: object = None) -> None:
        wanted = number.get().strip()
        row = db.execute("SELECT * FROM delivery WHERE id = ?", (wanted,)).fetchone()
        clear()
        if row is None:
            status.set(f"There is no delivery {wanted}")
            state.page = "lost"
            return
        for name, _ in SHOWN:
            texts[name].set(row[name])
        status.set(f"Delivery {wanted}" + (" was booked before" if row["booked_good"] is not None else " is open"))
        state.page = f"case {wanted}"

    def save() -> None:
        wanted = number.get().strip()
        if not state.page.startswith("case "):
            status.set("Enter the number of a delivery first")
            return
        with db:
            db.execute(
                "UPDATE delivery SET booked_good = ?, booked_bad = ?, booked_shelf = ?, complete = ? WHERE id = ?",
                (good.get().strip(), bad.get().strip(), shelf.get(), int(complete.get()), wanted),
            )
            db.execute("INSERT INTO journal (what) VALUES ('delivery')")
        clear()
        number.set("")
        status.set(f"Delivery {wanted} is booked")
        state.page = f"booked {wanted}"
        search.focus_set()

    search.bind("<Return>", load)
    book.configure(command=save)
    state.add("search", search, number.get)
    state.add("good", fields["good"], good.get)
    state.add("bad", fields["bad"], bad.get)
    state.add("shelf", choice, shelf.get)
    state.add("complete", tick, complete.get)
    state.add("book", book)
    search.focus_set()
    root.mainloop()


if __name__ == "__main__":
    main(*sys.argv[1:])
