"""The teams of a helpdesk: who answers what, with which words, and what becomes of the ticket."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput

STATUSES = {"Open": 1, "Resolved": 3, "Closed": 4}
"""django-helpdesk's numbers of the statuses that a team's rule can name."""
NO_TEAM = frozenset({"", "none"})
"""Categories of tickets that belong to no team: the right thing is to hand them over."""
BUILT_IN = ("shop", "banking77")
_TEAM_KEYS = {"name", "slug", "preset", "reply", "status", "categories"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Team:
    """One team."""

    name: str
    """The title of its queue."""
    slug: str
    preset: str
    """The name of its preset reply."""
    reply: str
    """What the preset reply says."""
    status: str
    """What the ticket becomes when the reply is sent: a key of STATUSES. A function of the team alone."""
    categories: tuple[str, ...]
    """The categories of tickets that it answers."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """All teams of a helpdesk, in the order of their queues."""

    name: str
    teams: tuple[Team, ...]

    @cached_property
    def _by_category(self) -> dict[str, Team]:
        return {category: team for team in self.teams for category in team.categories}

    @property
    def categories(self) -> frozenset[str]:
        """Every category that some team answers."""
        return frozenset(self._by_category)

    def team_of(self, category: str) -> Team | None:
        """The team that answers a category, or None when it belongs to no team. Raises BadInput for an unknown one."""
        if category in NO_TEAM:
            return None
        try:
            return self._by_category[category]
        except KeyError:
            raise BadInput(
                f"category {category!r} is answered by no team of the desk {self.name!r}",
                alternatives=sorted(self.categories | {"none"}),
            ) from None


def load_desk(source: str | Path) -> Desk:
    """A desk that comes with the package (a name of BUILT_IN) or a TOML file of the same form.

    Raises:
        BadInput: no such file, not TOML, or a team that lacks something or shares what must be its own.
    """
    if source in BUILT_IN:
        text, where = files("crewless.tasks.helpdesk").joinpath(f"data/{source}.toml").read_text("utf-8"), str(source)
    else:
        where = str(source)
        try:
            text = Path(source).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"cannot read the desk {where!r}: {error}", alternatives=BUILT_IN) from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the desk {where} is not TOML: {error}") from error
    teams = tuple(_team(row, where) for row in content.get("team", []))
    if len(teams) < 2:
        raise BadInput(f"the desk {where} has {len(teams)} teams", alternatives=["write at least two [[team]] tables"])
    _check_own(where, "name", (team.name for team in teams))
    _check_own(where, "slug", (team.slug for team in teams))
    _check_own(where, "preset", (team.preset for team in teams))
    _check_own(where, "category", (category for team in teams for category in team.categories))
    return Desk(name=str(content.get("name", where)), teams=teams)


def desk_for(categories: Iterable[str]) -> Desk:
    """The built-in desk whose teams answer all these categories. Raises BadInput that names one which none answers."""
    wanted = set(categories) - NO_TEAM
    desks = [load_desk(name) for name in BUILT_IN]
    for desk in desks:
        if wanted <= desk.categories:
            return desk
    nearest = max(desks, key=lambda desk: len(wanted & desk.categories))
    unknown = sorted(wanted - nearest.categories)[0]
    raise BadInput(
        f"category {unknown!r} is answered by no team of the desk {nearest.name!r}",
        alternatives=["give your own teams as a TOML file", "none", *sorted(nearest.categories)],
    )


def _team(row: dict[str, Any], where: str) -> Team:
    name = row.get("name", "?")
    row = {"categories": [row.get("slug", "")], **row}
    if missing := sorted(_TEAM_KEYS - set(row)):
        raise BadInput(f"the desk {where}: team {name!r} lacks {missing[0]!r}", alternatives=sorted(_TEAM_KEYS))
    if unknown := sorted(set(row) - _TEAM_KEYS):
        raise BadInput(
            f"the desk {where}: team {name!r} has an unknown {unknown[0]!r}", alternatives=sorted(_TEAM_KEYS)
        )
    if row["status"] not in STATUSES:
        raise BadInput(f"the desk {where}: team {name!r} has the status {row['status']!r}", alternatives=STATUSES)
    return Team(**{**row, "categories": tuple(row["categories"])})


def _check_own(where: str, what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen or not value:
            raise BadInput(f"the desk {where}: {what} {value!r} is {'used twice' if value else 'empty'}")
        seen.add(value)
