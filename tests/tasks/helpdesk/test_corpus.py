import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from crewless.core.errors import BadInput
from crewless.tasks.helpdesk.corpus import generate, load_csv, subject, templates
from crewless.tasks.helpdesk.desk import load_desk


def test_twelve_teams_and_no_team_have_forty_templates_each():
    desk = load_desk("shop")
    assert len(desk.teams) == 12
    assert set(templates()) == desk.categories | {"none"}
    assert all(len(lines) >= 40 for lines in templates().values())


def test_no_template_is_there_twice_or_nearly():
    def words(line: str) -> frozenset[str]:
        return frozenset(re.findall(r"[a-z{}']+", line.lower()))

    lines = [(line, words(line)) for group in templates().values() for line in group]
    assert len({re.sub(r"\W", "", line.lower()) for line, _ in lines if len(line) > 1}) == len(lines) - 1
    near = [
        (a, b)
        for at, (a, x) in enumerate(lines)
        for b, y in lines[at + 1 :]
        if len(x | y) > 3 and len(x & y) / len(x | y) > 0.7
    ]
    assert near == []


def test_the_same_seed_gives_the_same_tickets():
    assert generate(200, 4) == generate(200, 4)
    assert generate(200, 4) != generate(200, 5)


def test_slots_are_filled_and_lengths_are_mixed():
    texts = [ticket.text for ticket in generate(500, 0)]
    assert not any("{" in text or "}" in text for text in texts)
    lengths = sorted(len(text.split()) for text in texts)
    assert lengths[25] <= 8
    assert lengths[-25] >= 30


def test_teams_come_equally_often_and_some_tickets_have_none():
    counted = Counter(ticket.category for ticket in generate(1200, 1))
    none = counted.pop("none")
    assert 60 <= none <= 135
    assert set(counted) == load_desk("shop").categories
    assert max(counted.values()) <= 100
    assert "none" not in {ticket.category for ticket in generate(300, 1, none_share=0)}


def test_real_rows_are_read(tmp_path: Path):
    path = tmp_path / "tickets.csv"
    path.write_text('text,category\n"Where, oh where?",deliveries\nMoney back,refunds\n')
    assert [(t.text, t.category) for t in load_csv(path)] == [
        ("Where, oh where?", "deliveries"),
        ("Money back", "refunds"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("question,label\na,b\n", "columns question, label.*text,category"),
        ("", r"columns \(none\)"),
        ("text,category\n", "contains no tickets"),
        ("text,category\na,b\nonly text\n", ":3 has too few values"),
        ("text,category\nhi, there,refunds\n", ":2 has too many values.*quote"),
        ("text,category\na,b\n ,refunds\n", ":3 has an empty text"),
        ("text,category\nhello,\n", ":2 has no category: 'hello'"),
    ],
)
def test_a_faulty_file_is_named_with_its_line(tmp_path: Path, content: str, message: str):
    path = tmp_path / "tickets.csv"
    path.write_text(content)
    with pytest.raises(BadInput, match=message):
        load_csv(path)


def test_a_file_of_bytes_is_bad_input(tmp_path: Path):
    path = tmp_path / "tickets.csv"
    path.write_bytes(b"text,category\n\xff\xfe,refunds\n")
    with pytest.raises(BadInput, match="not a UTF-8 CSV"):
        load_csv(path)
    with pytest.raises(BadInput, match=r"none\.csv"):
        load_csv(tmp_path / "none.csv")


def test_a_subject_is_the_first_words():
    assert subject("Hello there. Where is my parcel? I wait.") == "Where is my parcel?"
    assert all(0 < len(subject(ticket.text)) <= 120 for ticket in generate(600, 2))


def test_banking77_is_covered_once_each():
    data = Path(__file__).resolve().parents[4] / "shared" / "data" / "banking77"
    if not data.is_dir():
        pytest.skip("the Banking77 reference data is not beside the repository")
    desk = load_desk("banking77")
    with (data / "dev.csv").open(newline="") as file:
        intents = {row["category"] for row in csv.DictReader(file)}
    assert len(intents) == 77
    assert desk.categories == intents
    assert {desk.team_of(ticket.category) for ticket in load_csv(data / "dev.csv")} == set(desk.teams)
