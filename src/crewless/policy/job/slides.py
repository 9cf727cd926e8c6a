"""Sliders: where the thumb stands for a number that is shown beside it, learnt from how it was dragged."""

import re
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from crewless.core.messages import Point
from crewless.policy.job.targets import Hit
from crewless.policy.job.view import View

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
TRIES = 16
"""Drags and keys until a person is asked."""
BESIDE = (0.0, 1.0, -1.0, 2.0, -2.0)
"""Lines beside the place where the thumb should stand, in the order in which it is looked for."""


class Slide(Struct, frozen=True):
    """Where the thumb stands, from the left edge and the middle of the number that is shown, in heights of a line."""

    start: float
    """Right of it, at the number 0."""
    step: float
    """Further for each one that the number is larger; negative where it grows to the left."""
    down: float
    """Below it."""

    def point(self, view: View, hit: Hit, number: Decimal, *, right: float = 0.0) -> Point:
        """A pixel of the thumb for a number, or so many lines right of it."""
        box = view.elements[hit.index].box
        x = box.x0 + round((self.start + self.step * float(number) + right) * view.line)
        return Point(_inside(view, x), box.centre.y + round(self.down * view.line))

    def further(self, view: View, point: Point, by: Decimal) -> Point:
        """Where a thumb is let go that is to show a number so much larger."""
        return Point(_inside(view, point.x + round(self.step * float(by) * view.line)), point.y)


def _inside(view: View, x: int) -> int:
    return min(max(x, 1), view.observation.width - 2)


def number_shown(text: str) -> Decimal | None:
    """The first number in a text; None: there is none."""
    found = _NUMBER.search(text)
    try:
        return None if found is None else Decimal(found[0].replace(",", "."))
    except InvalidOperation:
        return None


def slide_from(drags: list[tuple[float, float, float]]) -> Slide | None:
    """By least squares over where thumbs stood: the number shown, right of the number's edge and below its middle, in lines.

    None: fewer than two numbers were seen.
    """
    numbers = [number for number, _, _ in drags]
    if len(set(numbers)) < 2:
        return None
    mean, across = sum(numbers) / len(drags), sum(x for _, x, _ in drags) / len(drags)
    spread = sum((number - mean) ** 2 for number in numbers)
    step = sum((number - mean) * (x - across) for number, x, _ in drags) / spread
    down = sorted(y for _, _, y in drags)[len(drags) // 2]
    return Slide(start=round(across - step * mean, 3), step=round(step, 5), down=round(down, 2)) if step else None
