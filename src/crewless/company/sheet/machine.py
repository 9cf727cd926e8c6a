"""A machine for cells that say only how people do them, as an imported log or model leaves them."""

from dataclasses import replace

from crewless.company.sheet.model import Cell, Performer, Pool, Sheet, WorkProfile
from crewless.core.errors import BadInput

AI_POOL = "ai worker"
"""The resource of a machine that the sheet does not know."""
NEEDS = (
    "--worker run:DIR, what the worker of a shift did",
    "the columns 'ai resource', 'ai duration' and 'ai error' of the sheet's cells",
)
"""What must be known before a cell can be given to a machine."""


def people_only(sheet: Sheet) -> list[Cell]:
    """Cells that say only how people do them."""
    return [cell for cell in sheet.cells if not set(cell.works) - {"person"}]


def refuse_all(sheet: Sheet, performer: Performer) -> None:
    """Raises BadInput when no cell of the sheet says how ``performer`` does it; says what that needs."""
    if not any(performer in cell.works for cell in sheet.cells):
        raise BadInput(f"none of the {len(sheet.cells)} cells says how {performer!r} does it", alternatives=NEEDS)


def with_machine(sheet: Sheet, machine: WorkProfile, workers: int = 1) -> Sheet:
    """The sheet in which an AI worker could do every cell that says only how people do it; who does it stays as it was."""
    pool = AI_POOL
    while any(one.name == pool for one in sheet.resources):
        pool += " too"
    work = replace(machine, resource=pool)
    return replace(
        sheet,
        cells=tuple(
            cell if set(cell.works) - {"person"} else replace(cell, works={**cell.works, "ai": work})
            for cell in sheet.cells
        ),
        resources=(*sheet.resources, Pool(name=pool, count=workers)),
    )
