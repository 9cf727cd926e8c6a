"""The motor table: data in ``motors.yaml``, each row with its source or its assumption."""

from functools import cache
from importlib import resources
from typing import Any

from crewless.body.robot.actuators.motor import Motor, similar
from crewless.core.errors import BadInput


@cache
def motors() -> dict[str, Motor]:
    """Every motor by name. A row with ``like`` is made from its parent by :func:`similar`."""
    import yaml

    rows: dict[str, dict[str, Any]] = yaml.safe_load(
        resources.files("crewless.body.robot.actuators").joinpath("motors.yaml").read_text()
    )
    made: dict[str, Motor] = {}
    for name, row in rows.items():
        if "like" in row:
            made[name] = similar(made[row["like"]], name=name, scale=row["scale"], turns=row["turns"])
        else:
            made[name] = Motor(name=name, **row)
    return made


def motor(name: str) -> Motor:
    """One motor of the table. Raises BadInput with the names that there are."""
    try:
        return motors()[name]
    except KeyError:
        raise BadInput(f"there is no motor {name!r}", alternatives=sorted(motors())) from None
