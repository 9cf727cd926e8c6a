"""Leave: a Qt program in which requests for leave are decided. ``leave.py DATABASE STATE``"""

import json
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QTimer  # pyright: ignore[reportMissingImports]
from PySide6.QtWidgets import (  # pyright: ignore[reportMissingImports]
    QApplication,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

SHOWN = (("employee", "Employee"), ("kind", "Reason given"), ("days", "Working days"), ("left_days", "Days left"))
KINDS = ("Vacation", "Moving house", "Wedding", "Training")


class Leave(QWidget):
    """The program's only window."""

    def __init__(self, database: str, state_file: str) -> None:
        super().__init__()
        self.setWindowTitle("Leave")
        self.resize(640, 560)
        self.db = sqlite3.connect(database)
        self.db.row_factory = sqlite3.Row
        self.state, self.page, self.row = Path(state_file), "home", None
        layout = QVBoxLayout(self)
        top = QFormLayout()
        self.search = QLineEdit()
        self.search.setMaximumWidth(180)
        self.search.returnPressed.connect(self.load)
        top.addRow("Request no.", self.search)
        layout.addLayout(top)
        facts = QFormLayout()
        self.texts = {name: QLabel("") for name, _ in SHOWN}
        for name, label in SHOWN:
            facts.addRow(label, self.texts[name])
        box = QGroupBox("Request")
        box.setLayout(facts)
        layout.addWidget(box)
        form = QFormLayout()
        self.kind = QComboBox()
        self.kind.addItems(KINDS)
        self.kind.setCurrentIndex(-1)
        self.days = QSpinBox()
        self.days.setRange(0, 99)
        self.days.setMinimumWidth(90)
        form.addRow("Kind", self.kind)
        form.addRow("Days", self.days)
        layout.addLayout(form)
        row = QHBoxLayout()
        self.approve, self.refuse = QPushButton("Approve"), QPushButton("Refuse")
        self.approve.clicked.connect(lambda: self.save("approved"))
        self.refuse.clicked.connect(lambda: self.save("refused"))
        row.addWidget(self.approve)
        row.addWidget(self.refuse)
        row.addStretch()
        layout.addLayout(row)
        self.status = QLabel("Type the number of a request and press Return")
        layout.addWidget(self.status)
        layout.addStretch()
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.write_state)
        self.timer.start(60)

    def load(self) -> None:
        """Show a request."""
        wanted = self.search.text().strip()
        self.clear()
        self.row = self.db.execute("SELECT * FROM request WHERE id = ?", (wanted,)).fetchone()
        if self.row is None:
            self.page = "lost"
            self.status.setText(f"There is no request {wanted}")
            return
        for name, _ in SHOWN:
            self.texts[name].setText(str(self.row[name]))
        self.page = f"case {wanted}"
        self.status.setText(f"Request {wanted}")

    def save(self, decision: str) -> None:
        """Decide the request that is shown."""
        if self.row is None:
            self.status.setText("Type the number of a request first")
            return
        number = self.row["id"]
        with self.db:
            self.db.execute(
                "UPDATE request SET booked_kind = ?, booked_days = ?, decision = ? WHERE id = ?",
                (self.kind.currentText(), self.days.value(), decision, number),
            )
            self.db.execute("INSERT INTO journal (what) VALUES ('request')")
        self.clear()
        self.search.clear()
        self.search.setFocus()
        self.page = f"{decision} {number}"
        self.status.setText(f"Request {number} is {decision}")

    def clear(self) -> None:
        """Empty the form."""
        self.row = None
        for label in self.texts.values():
            label.setText("")
        self.kind.setCurrentIndex(-1)
        self.days.setValue(0)

    def write_state(self) -> None:
        """Where the widgets are and what they hold."""
        days = self.days.cleanText() if self.days.value() else ""
        widgets: dict[str, tuple[Any, str, object]] = {
            "search": (self.search, "entry", self.search.text()),
            "kind": (self.kind, "select", self.kind.currentText()),
            "days": (self.days, "entry", days),
            "approve": (self.approve, "button", ""),
            "refuse": (self.refuse, "button", ""),
        }
        items = {}
        for order, (name, (widget, kind, value)) in enumerate(widgets.items()):
            at = widget.mapToGlobal(QPoint(0, 0))
            # The right end of a spin box are its arrows.
            width = widget.width() - (24 if widget is self.days else 0)
            items[name] = {
                "box": [at.x(), at.y(), at.x() + width, at.y() + widget.height()], "value": value, "order": order,
                "focused": widget.hasFocus(), "kind": kind, "options": [],
            }  # fmt: skip
        items["kind"] |= {"options": list(KINDS), "rows": self.rows()}
        view = [0, 0, self.width(), self.height()]
        state = {"at_s": time.time(), "page": self.page, "items": items, "view": view, "scrolled": 0, "end": 0}
        half = self.state.with_suffix(".half")
        half.write_text(json.dumps(state))
        os.replace(half, self.state)

    def rows(self) -> dict[str, list[int]]:
        """The rows of the list of kinds, where it is open."""
        listing = self.kind.view()
        if not listing.isVisible():
            return {}
        found = {}
        for number, kind in enumerate(KINDS):
            place = listing.visualRect(self.kind.model().index(number, 0))
            at = listing.viewport().mapToGlobal(place.topLeft())
            found[kind] = [at.x(), at.y(), at.x() + place.width(), at.y() + place.height()]
        return found


if __name__ == "__main__":
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    window = Leave(*sys.argv[1:])
    window.show()
    sys.exit(app.exec())
