"""A sheet that cannot be run is refused with row and value."""

from dataclasses import replace

import pytest

from crewless.company.sheet.model import (
    Arrow,
    Calendar,
    Cell,
    Duration,
    Gateway,
    Pool,
    Sheet,
    WorkProfile,
    check,
)
from crewless.core.errors import BadInput


def review() -> Sheet:
    """Write, then review; one in ten goes back."""
    work = WorkProfile(resource="clerks", duration=Duration(kind="exponential", numbers=(0.5,)), error=0.1)
    return Sheet(
        cells=(Cell(name="write", works={"person": work}), Cell(name="review", works={"person": work})),
        gateways=(Gateway(name="in", kind="start"), Gateway(name="ok?", kind="xor"), Gateway(name="out", kind="end")),
        arrows=(
            Arrow(source="in", target="write"),
            Arrow(source="write", target="review"),
            Arrow(source="review", target="ok?"),
            Arrow(source="ok?", target="write", probability=0.1),
            Arrow(source="ok?", target="out", probability=0.9),
        ),
        resources=(Pool(name="clerks", count=2, calendar="office"),),
        calendars=(Calendar(name="office", week=((9.0, 17.0), (33.0, 41.0))),),
    )


def test_a_sheet_that_can_be_run_passes_unchanged():
    assert check(review()) == review()


def _arrow(row: int, **change: object) -> Sheet:
    arrows = list(review().arrows)
    arrows[row] = replace(arrows[row], **change)
    return replace(review(), arrows=tuple(arrows))


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        (_arrow(1, target="revue"), ["row 2", "'revue'", "not connected"]),
        (_arrow(4, probability=0.8), ["ok?", "0.9"]),
        (_arrow(4, probability=1.5), ["row 5", "1.5"]),
        (
            replace(_arrow(3, probability=1.0), arrows=(*_arrow(3, probability=1.0).arrows[:4], _arrow(4, probability=0.0).arrows[4])),
            ["cannot finish", "review", "write"],
        ),
        (replace(review(), resources=()), ["row 1 (write)", "'clerks'"]),
        (replace(review(), calendars=()), ["'office'"]),
        (replace(review(), calendars=(Calendar(name="office", week=((9.0, 8.0),)),)), ["9 to 8"]),
        (replace(review(), resources=(Pool(name="clerks", count=0),)), ["count 0"]),
        (replace(review(), cells=(*review().cells, review().cells[0])), ["'write'", "already used"]),
        (replace(review(), gateways=review().gateways[1:]), ["no start"]),
    ],
)  # fmt: skip
def test_an_error_names_row_and_value(sheet: Sheet, words: list[str]):
    with pytest.raises(BadInput) as caught:
        check(sheet)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    "duration",
    [
        Duration(kind="beta", numbers=(1.0,)),
        Duration(kind="exponential", numbers=(-1.0,)),
        Duration(kind="uniform", numbers=(2.0, 1.0)),
        Duration(kind="triangular", numbers=(0.0, 1.0, 2.0)),
        Duration(kind="table", numbers=(1.0,)),
        Duration(kind="gamma", numbers=(float("nan"), 1.0)),
    ],
)
def test_a_distribution_that_cannot_be_is_refused(duration: Duration):
    cell = Cell(name="write", works={"person": WorkProfile(resource="clerks", duration=duration)})
    with pytest.raises(BadInput, match="row 1"):
        check(replace(review(), cells=(cell, review().cells[1])))
