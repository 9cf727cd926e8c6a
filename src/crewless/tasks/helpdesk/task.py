"""The helpdesk as a :class:`crewless.core.task.Task`: the program, the queue, the scripted operator and the judge."""

import random
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crewless.core.body import Body
from crewless.core.errors import BadInput, BodyFailure
from crewless.core.messages import Action, Case
from crewless.tasks.helpdesk.corpus import Ticket, generate, load_csv, subject
from crewless.tasks.helpdesk.desk import STATUSES, Desk, Team, desk_for, load_desk
from crewless.tasks.helpdesk.host import HelpdeskHost, HostConfig

if TYPE_CHECKING:
    from crewless.body.screen import ScreenBody
    from crewless.tasks.helpdesk.operator import ScriptedOperator
    from crewless.verifiers import DatabaseVerifier

INBOX = 1
"""The id of the queue that tickets come in by."""
STAFF = "agent"
_STAFF_ID = 1
_FIRST_NAMES = ("ana", "ben", "carla", "dev", "emma", "farid", "greta", "hugo", "ines", "jonas", "kofi", "lena", "mia", "noor", "otto", "petra")  # fmt: skip
_LAST_NAMES = ("abbott", "brandt", "costa", "dubois", "ekwueme", "ferrari", "gupta", "hansen", "ivanova", "jensen", "kowalski", "lopez")  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class HelpdeskConfig:
    """What the queue holds."""

    tickets: Path | None = None
    """A CSV file with the columns text,category; none: the package's own corpus."""
    archive_tickets: Path | None = None
    """A CSV file that the solved tickets come from; none: where the tickets come from, no ticket twice."""
    teams: Path | None = None
    """A TOML file of your own teams; none: the built-in ones that answer the tickets' categories."""
    num_cases: int = 40
    """Tickets in the inbox."""
    num_archive: int = 0
    """Tickets that were solved before and can be read in the program."""
    none_share: float = 0.08
    """Share of tickets in the package's own corpus that belong to no team."""
    seed: int = 0
    """Which tickets: the same seed gives the same ones."""
    unseen: bool = False
    """Deal the tickets from the other end than a task with the same tickets and seed does: those that nobody was shown."""
    lying: bool = False
    """Some saves show a page that looks saved, and nothing is written."""
    lying_share: float = 0.3
    """With lying: how many of the saves."""
    port: int = 0
    """Where the helpdesk is served; 0: any free port."""


_DEALT = 480
"""Tickets of the package's own corpus, before a template comes a second time: 40 for each of twelve categories."""
_SHOWN = 240
"""At least so many of them are never among the unseen ones, however many of those there are."""


class HelpdeskTask:
    """Tickets of an inbox that must be answered with the right preset reply, status and queue, or handed over.

    Args:
        config: what the queue holds.
    """

    name = "helpdesk"
    options = HelpdeskConfig

    def __init__(self, config: HelpdeskConfig | None = None) -> None:
        self.config = config or HelpdeskConfig()
        self._host: HelpdeskHost | None = None
        self._serve: Callable[[int], HelpdeskHost] | None = None
        self._desk: Desk | None = None
        self._tickets: list[Ticket] = []
        self._archive: list[Ticket] = []

    def setup(self, folder: Path) -> None:
        """Choose the tickets and serve the helpdesk from ``folder / "helpdesk"``.

        A folder that was set up before with the same config goes on where it stopped.

        Raises:
            BadInput: a file of tickets or teams cannot be used, holds fewer tickets than asked for, or no team answers a
                ticket's category.
            MissingTool: django-helpdesk is not installed.
            BodyFailure: it does not start.
        """
        config = self.config
        self._tickets, self._archive = _choose(config)
        categories = {ticket.category for ticket in (*self._tickets, *self._archive)}
        self._desk = desk = desk_for(categories) if config.teams is None else load_desk(config.teams)
        for category in sorted(categories):
            desk.team_of(category)
        self._serve = lambda port: HelpdeskHost(
            folder / "helpdesk",
            _content(desk, self._tickets, self._archive, config.seed),
            HostConfig(port=port, lying_share=config.lying_share if config.lying else 0.0, lying_seed=config.seed),
        )
        self._host = self._serve(config.port)

    def revive(self) -> str:
        """Serve the helpdesk anew, on the same port and folder, where its process has ended; what was done, or nothing.

        Raises:
            BodyFailure: it does not start.
        """
        ended = self.host
        if ended.alive():
            return ""
        ended.stop()
        assert self._serve is not None
        self._host = self._serve(urlsplit(ended.url).port or 0)
        return "the helpdesk's server had ended and was started anew"

    def cases(self) -> Sequence[Case]:
        """The tickets of the inbox, oldest first; the slot ``ticket`` holds the number."""
        first = len(self._archive) + 1
        return tuple(_case(first + number) for number in range(len(self._tickets)))

    def archive(self) -> Sequence[Case]:
        """The tickets that were solved before, oldest first: there to be read, not worked."""
        return tuple(_case(number) for number in range(1, len(self._archive) + 1))

    def ticket(self, case: Case) -> Ticket:
        """What the customer wrote and the true category. For the judge, the operator and reports only."""
        tickets = [*self._archive, *self._tickets]
        try:
            return tickets[int(case.id) - 1]
        except (ValueError, IndexError):
            raise BadInput(f"there is no ticket {case.id!r}", alternatives=[f"1 to {len(tickets)}"]) from None

    def team(self, case: Case) -> Team | None:
        """The team that the ticket belongs to; None: nobody's. For the judge, the operator and reports only."""
        return self.desk.team_of(self.ticket(case).category)

    def expected(self, case: Case) -> Mapping[str, Any] | None:
        """What the database should hold afterwards, by the names that ``record.toml`` uses; None: hand it over."""
        team = self.team(case)
        if team is None:
            return None
        status = STATUSES[team.status]
        moved = status != STATUSES["Open"]
        return {
            "team": team.name,
            "queue": INBOX + 1 + self.desk.teams.index(team),
            "inbox": INBOX,
            "preset": team.preset,
            "reply": team.reply,
            "status": status,
            "status_name": team.status,
            "new_status": status if moved else None,
            "resolution": team.reply if moved else None,
            "staff": _STAFF_ID,
        }

    def open(self, *, scripted: bool = False) -> "ScreenBody":
        """A fresh screen with the browser on the ticket list, logged in by typing.

        Args:
            scripted: open the browser's DevTools port, which :meth:`oracle` needs. Never for a worker.

        Raises:
            BodyFailure: the login was not accepted; or what the body raises.
        """
        from crewless.body.screen import ChromiumConfig, ScreenBody

        body = ScreenBody()
        try:
            body.start()
            body.launch_chromium(f"{self.host.url}login/", ChromiumConfig(devtools_port=0 if scripted else None))
            self._log_in(body)
        except BaseException:
            body.close()
            raise
        return body

    def oracle(self, body: Body) -> "ScriptedOperator":
        """The scripted operator, for a body of ``open(scripted=True)``. Raises BadInput for another one."""
        from crewless.tasks.helpdesk.operator import ScriptedOperator

        return ScriptedOperator(body, self.expected)

    def verifier(self) -> "DatabaseVerifier":
        """The judge: the database file and ``record.toml``."""
        from crewless.verifiers import DatabaseVerifier, load_record

        with as_file(files("crewless.tasks.helpdesk").joinpath("record.toml")) as path:
            return DatabaseVerifier(f"sqlite:///{self.host.database}", load_record(path), self.expected)

    def teardown(self) -> None:
        """Stop the helpdesk. Safe to call twice."""
        if self._host is not None:
            self._host.stop()
            self._host = None

    @property
    def record(self) -> tuple[Path, ...]:
        """What a worker must not be able to read. Raises BodyFailure before :meth:`setup`."""
        return (self.host.folder,)

    @property
    def host(self) -> HelpdeskHost:
        """The helpdesk that is being served. Raises BodyFailure before :meth:`setup`."""
        if self._host is None:
            raise BodyFailure("the helpdesk has not been set up", alternatives=["setup(folder)"])
        return self._host

    @property
    def desk(self) -> Desk:
        """The teams. Raises BodyFailure before :meth:`setup`."""
        if self._desk is None:
            raise BodyFailure("the helpdesk has not been set up", alternatives=["setup(folder)"])
        return self._desk

    def _log_in(self, body: Body, *, attempts: int = 2, wait_s: float = 10.0) -> None:
        """Type name and password. Whether it worked is read from the database."""
        before = self._last_login()
        for attempt in range(attempts):
            if attempt:
                body.act(Action(verb="key", text="F5"))
            # The page puts the focus into the name's field.
            body.act(Action(verb="type", text=self.host.staff))
            body.act(Action(verb="key", text="Tab"))
            body.act(Action(verb="type", text=self.host.password))
            form = body.settle().pixels[::4, ::4].copy()
            body.act(Action(verb="key", text="Return"))
            end_s = time.monotonic() + wait_s
            while time.monotonic() < end_s:
                # The database knows first; the list, on a slow machine, is drawn much later.
                if self._last_login() != before and (body.frame().pixels[::4, ::4] != form).mean() > 0.02:
                    body.settle()
                    return
                time.sleep(0.05)
        raise BodyFailure(f"{self.host.url} did not let {self.host.staff!r} in after {attempts} attempts")

    def _last_login(self) -> str | None:
        connection = sqlite3.connect(f"file:{self.host.database}?mode=ro", uri=True)
        try:
            return connection.execute("SELECT last_login FROM auth_user WHERE id = ?", (_STAFF_ID,)).fetchone()[0]
        finally:
            connection.close()


def _choose(config: HelpdeskConfig) -> tuple[list[Ticket], list[Ticket]]:
    """The inbox's tickets and the archive's. A ticket that belongs to no team is not in the archive: nobody solved it."""
    for what, number, least in (("num_cases", config.num_cases, 1), ("num_archive", config.num_archive, 0)):
        if number < least:
            raise BadInput(f"{what} is {number}", alternatives=[f"{least} or more"])
    if not 0 <= config.none_share <= 0.9:
        raise BadInput(f"none_share is {config.none_share}", alternatives=["0 to 0.9"])
    if config.tickets is not None:
        drawn = _draw(config.tickets, config.num_cases, f"tickets/{config.seed}")
    else:
        # The inbox is dealt first, so that the archive shares no template with it for as long as the templates last.
        reserve = (
            0 if config.archive_tickets is not None else int(1.3 * config.num_archive / (1 - config.none_share)) + 20
        )
        wanted = config.num_cases + reserve
        if config.unseen:
            wanted = max(_DEALT, _SHOWN + wanted)
        drawn = generate(wanted, config.seed, none_share=config.none_share)
    if config.unseen:
        drawn.reverse()
    tickets, rest = drawn[: config.num_cases], drawn[config.num_cases :]
    if config.archive_tickets is not None:
        rest = _draw(config.archive_tickets, config.num_archive, f"archive/{config.seed}")
    solved = [ticket for ticket in rest if ticket.category not in ("", "none")]
    if len(solved) < config.num_archive:
        source = config.archive_tickets or config.tickets or "the package's own corpus"
        raise BadInput(f"num_archive is {config.num_archive}, and {source} leaves {len(solved)} solved tickets for it")
    return tickets, solved[: config.num_archive]


def _draw(path: Path, least: int, key: str) -> list[Ticket]:
    tickets = load_csv(path)
    if len(tickets) < least:
        raise BadInput(f"{least} tickets were asked for, and {path} holds {len(tickets)}")
    return random.Random(key).sample(tickets, len(tickets))


def _content(desk: Desk, tickets: Sequence[Ticket], archive: Sequence[Ticket], seed: int) -> dict[str, Any]:
    chance = random.Random(f"people/{seed}")

    def row(ticket: Ticket) -> dict[str, Any]:
        email = f"{chance.choice(_FIRST_NAMES)}.{chance.choice(_LAST_NAMES)}@example.com"
        return {"title": subject(ticket.text), "text": ticket.text, "email": email}

    def solved(ticket: Ticket) -> dict[str, Any]:
        team = desk.team_of(ticket.category)
        assert team is not None
        return {**row(ticket), "team": team.slug, "status": STATUSES[team.status]}

    return {
        "staff": STAFF,
        "inbox": "Inbox",
        "teams": [{"name": t.name, "slug": t.slug, "preset": t.preset, "reply": t.reply} for t in desk.teams],
        "archive": [solved(ticket) for ticket in archive],
        "tickets": [row(ticket) for ticket in tickets],
    }


def _case(number: int) -> Case:
    return Case(id=str(number), slots={"ticket": str(number)})
