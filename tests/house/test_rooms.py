"""The drawing of the house is true: every room stands and says what it is for; one name stands for one thing; no module is too long."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/crewless"
PAGE = (ROOT / "docs/architecture.md").read_text()
DRAWN = {
    room
    for line in re.search(r"```text\n(.*?)```", PAGE, re.S)[1].splitlines()
    for room in re.findall(r"\b[a-z]+\b", line[:37])
    if f"[{room}]" not in line
}
SAID = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.M))
STANDARD_WORDS = {"Action": "VDA 5050, and what every policy decides (reinforcement learning's word)"}
"""Public class names that may stand twice, each a standard's own word."""
ONE_ALGORITHM = {"company/simulate/engine.py"}
"""Modules of more than 600 lines, each one algorithm: its docstring says why it is not taken apart."""


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_every_room_of_the_drawing_stands_and_no_other():
    standing = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert standing == DRAWN == set(SAID)


@pytest.mark.parametrize("room", sorted(SAID))
def test_a_room_has_its_one_sentence_in_the_drawing_and_in_its_own_words(room):
    assert SAID[room].strip()
    said = ast.get_docstring(ast.parse((SOURCE / room / "__init__.py").read_text()))
    assert said
    assert len(said.splitlines()[0]) > 20, f"{room} does not say what it is for"


def test_one_name_is_one_public_class():
    found = Counter(
        node.name
        for path in modules()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    twice = {name for name, count in found.items() if count > 1}
    assert twice <= set(STANDARD_WORDS), f"these stand for several things: {sorted(twice - set(STANDARD_WORDS))}"
    assert len(STANDARD_WORDS) <= 5


def test_no_module_is_longer_than_600_lines_unless_it_is_one_algorithm():
    long = {str(path.relative_to(SOURCE)) for path in modules() if path.read_text().count("\n") > 600}
    assert long == ONE_ALGORITHM
    for name in ONE_ALGORITHM:
        assert "one algorithm" in ast.get_docstring(ast.parse((SOURCE / name).read_text()))


def test_every_module_says_what_it_is():
    for path in modules():
        assert ast.get_docstring(ast.parse(path.read_text())), path
