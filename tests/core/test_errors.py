"""The error tree: the drawing is the truth, and every error reads as one line."""

import inspect
import json
import re

import pytest

from crewless.core import errors
from crewless.core.errors import BadInput, CrewlessError, error_from_json, error_to_json

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, CrewlessError)]


def drawn() -> dict[str, tuple[str, str]]:
    """Name to its parent's name and the rest of its line, as the module's docstring draws the tree."""
    tree, path = {"CrewlessError": ("Exception", "")}, {0: "CrewlessError"}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^((?:│   |    )*)[├└]── (\w+)\s*(.*)$", line)
        if match:
            depth = len(match.group(1)) // 4 + 1
            path[depth] = match.group(2)
            tree[match.group(2)] = (path[depth - 1], match.group(3))
    return tree


def test_the_drawn_tree_is_the_tree_of_classes():
    assert {name: parent for name, (parent, _) in drawn().items()} == {c.__name__: c.__base__.__name__ for c in CLASSES}


@pytest.mark.parametrize("error", CLASSES, ids=lambda c: c.__name__)
def test_what_the_drawing_says_of_retry_and_exit_holds(error):
    words = drawn()[error.__name__][1]
    if "exit 2" in words:
        assert error.exit_code == 2
    if "retry is safe" in words:
        assert error.retry_safe
    if "never retried" in words:
        assert not error.retry_safe


@pytest.mark.parametrize("error", CLASSES, ids=lambda c: c.__name__)
def test_an_error_reads_as_one_line_with_its_alternatives(error):
    assert (
        str(error("no queue 'Bilings'", alternatives=["Billing", "Cards"]))
        == "no queue 'Bilings' (try: Billing; Cards)"
    )
    assert str(error("no queue")) == "no queue"
    assert error.__doc__


def test_bad_input_exits_with_two_and_the_rest_with_one():
    assert BadInput("x").exit_code == 2
    assert CrewlessError("x").exit_code == 1


@pytest.mark.parametrize("error", CLASSES, ids=lambda c: c.__name__)
def test_an_error_comes_through_another_process_whole(error):
    back = error_from_json(**json.loads(json.dumps(error_to_json(error("gone: 7", alternatives=["wait", "ask"])))))
    assert (type(back), str(back)) == (error, "gone: 7 (try: wait; ask)")


def test_an_error_of_a_name_that_is_not_in_the_tree_is_one_all_the_same():
    assert type(error_from_json("ValueError", "seven")) is CrewlessError
