"""What a person reads afterwards."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from crewless.core.errors import StorageFull
from crewless.core.messages import Verdict
from crewless.work.receipts import Receipt, write_index, write_receipt

HOSTILE = "<script>alert('x')</script>\"&"
BEFORE = {"ticket": {"queue": 1, "status": 1, "title": HOSTILE}}
AFTER = {"ticket": {"queue": 7, "status": 1, "title": HOSTILE}}
STEP = {
    "decision": {
        "action": {"verb": "type", "text": HOSTILE, "point": [10, 20]},
        "confidence": 0.75,
        "why": f"because {HOSTILE}",
    },
    "applied": {"dispatched_s": 1.0, "settled_s": 1.25},
}
RECEIPT = Receipt(
    verdict=Verdict(
        case="17",
        outcome="wrong",
        claimed_done=True,
        evidence={
            "before": BEFORE,
            "after": AFTER,
            "expected": {"team": HOSTILE, "queue": 6},
            "faults": ["ticket.queue is 7, should be 6"],
            "unexpected": [],
        },
    ),
    who="worker",
    seconds=4.25,
    reason=HOSTILE,
    steps=[STEP, {"decision": {"action": {"verb": "done"}}, "applied": None}],
    before=np.zeros((40, 60, 3), np.uint8),
    after=np.full((40, 60, 3), (255, 0, 0), np.uint8),
)


class Page(HTMLParser):
    """Text, tags and addresses of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text, self.tags, self.links = "", [], []
        self.rows: list[list[str]] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag == "table":
            self.rows.append([])

    def handle_data(self, data):
        self.text += data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_it_shows_verdict_evidence_screens_and_steps(tmp_path):
    path = write_receipt(tmp_path, RECEIPT)
    page = Page(path)
    assert path == tmp_path / "17.html"
    for words in ("Case 17", "silent wrong", "worker", "4.2 s", "2 decisions", "ticket.queue is 7, should be 6"):
        assert words in page.text
    assert ["ticket.queue", "1", "7"] in page.rows
    assert ["ticket.status", "1", "1"] in page.rows
    assert ["queue", "6"] in page.rows
    assert [row[:4] for row in page.rows if row and row[0] in ("1", "2")] == [
        ["1", f"type {HOSTILE}", "(10, 20)", "0.75"],
        ["2", "done", "", "1.00"],
    ]
    assert "17-before.png" in page.links
    assert all((tmp_path / link).exists() for link in page.links if link != "index.html")


def test_the_screens_keep_their_colours(tmp_path):
    import cv2

    write_receipt(tmp_path, RECEIPT)
    assert cv2.imread(str(tmp_path / "17-after.png"))[0, 0].tolist() == [0, 0, 255], "OpenCV reads BGR"


def test_hostile_text_stays_text(tmp_path):
    receipt = replace(RECEIPT, who=HOSTILE, verdict=replace(RECEIPT.verdict, case=HOSTILE))
    path = write_receipt(tmp_path, receipt)
    index = write_index(tmp_path, HOSTILE, [row(HOSTILE)], "")
    for page in (Page(path), Page(index)):
        assert "script" not in page.tags
        assert HOSTILE in page.text


def row(case: str) -> dict:
    return {"case": case, "outcome": "right", "silent_wrong": False, "who": "worker", "seconds": 1.0, "reason": HOSTILE}


def test_the_index_links_every_receipt_and_no_two_cases_share_one(tmp_path):
    cases = ["17", "a/b", "a_b", "index", "..", "ä b", ""]
    for case in cases:
        write_receipt(tmp_path, replace(RECEIPT, verdict=replace(RECEIPT.verdict, case=case), before=None, after=None))
    page = Page(write_index(tmp_path, "A night", [row(case) for case in cases], "<p>summary</p>"))
    assert len(set(page.links)) == len(cases)
    for case, link in zip(cases, page.links, strict=True):
        assert (tmp_path / link).resolve().parent == tmp_path.resolve()
        assert json.loads((tmp_path / link).with_suffix(".json").read_text())["case"] == case
    assert "summary" in page.text


def test_evidence_of_another_shape_is_shown_as_it_is(tmp_path):
    verdict = Verdict(case="9", outcome="error", claimed_done=False, evidence={"interrupted": "look yourself"})
    page = Page(write_receipt(tmp_path, Receipt(verdict=verdict, who="worker", seconds=0.0)))
    assert "look yourself" in page.text
    assert "img" not in page.tags
    empty = Verdict(case="10", outcome="error", claimed_done=False)
    assert "nothing was read" in Page(write_receipt(tmp_path, Receipt(verdict=empty, who="w", seconds=0.0))).text


def test_the_record_holds_the_whole_receipt(tmp_path):
    write_receipt(tmp_path, RECEIPT)
    record = json.loads((tmp_path / "17.json").read_text())
    assert record["silent_wrong"] is True
    assert record["evidence"]["after"] == AFTER
    assert record["steps"][0] == STEP


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "17.html").mkdir()
    with pytest.raises(StorageFull, match=r"17\.html"):
        write_receipt(tmp_path, RECEIPT)
    (tmp_path / "index.html").mkdir()
    with pytest.raises(StorageFull, match=r"index\.html"):
        write_index(tmp_path, "A night", [], "")
