"""Boxes are half open, lists of names equal their types, and only a claim can be silently wrong."""

from typing import get_args

import pytest

from crewless.core import messages
from crewless.core.messages import Box, Point, Verdict


def test_a_box_contains_its_first_pixel_and_not_its_last_plus_one():
    box = Box(2, 3, 10, 8)
    assert (box.width, box.height, box.centre) == (8, 5, Point(6, 5))
    assert box.contains(Point(2, 3))
    assert box.contains(Point(9, 7))
    assert not box.contains(Point(10, 7))
    assert not box.contains(Point(9, 8))


def test_the_lists_of_verbs_and_kinds_equal_their_types():
    assert get_args(messages.Verb) == messages.VERBS
    assert get_args(messages.ElementKind) == messages.ELEMENT_KINDS


@pytest.mark.parametrize(
    ("outcome", "claimed", "silent"),
    [("wrong", True, True), ("wrong", False, False), ("right", True, False), ("handed_over", False, False)],
)
def test_silent_wrong_is_a_claim_that_reality_denies(outcome, claimed, silent):
    assert Verdict(case="1", outcome=outcome, claimed_done=claimed).silent_wrong is silent
