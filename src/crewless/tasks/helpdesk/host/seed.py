"""Fills a fresh helpdesk: staff, queues, preset replies, tickets, and an archive of tickets that were solved before.

What to fill it with comes as a plain JSON file, so that the process which poses the work needs no Django.
"""

import datetime
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from crewless.core.cache import cache_folder

EPOCH = datetime.datetime(2026, 1, 5, 8, 0, tzinfo=datetime.UTC)
"""When the first ticket came in; fixed, so that the same seed shows the same pages."""


def template_database() -> Path:
    """A migrated, empty helpdesk database from the user's cache, made when it is not there yet (about 5 s)."""
    cache = cache_folder()
    path = cache / f"helpdesk-{version('django-helpdesk')}-django-{version('Django')}.sqlite3"
    if path.exists():
        return path
    from django.core.management import call_command
    from django.db import connection

    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        fresh = Path(folder) / "fresh.sqlite3"
        connection.settings_dict["NAME"] = str(fresh)
        call_command("migrate", verbosity=0)
        call_command("loaddata", "emailtemplate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        os.replace(fresh, path)
    return path


def seed_database(path: Path, content: dict[str, Any], password: str) -> None:
    """Make the database at ``path``.

    Args:
        path: where it goes; nothing may be there.
        content: ``{"staff": name, "inbox": name, "teams": [{"name", "slug", "preset", "reply"}], "archive": [...],
            "tickets": [...]}``; a ticket is ``{"title", "text", "email"}``, one of the archive also has ``"team"`` (a
            slug), ``"status"`` (1 open, 3 resolved, 4 closed).
        password: of the staff member.

    Ids: queue 1 is the inbox and queue ``1 + k`` the k-th team's; the archive takes ticket numbers 1, 2, ... and the
    tickets of the inbox follow.
    """
    from django.db import connection, transaction

    template = template_database()
    partial = path.with_name(path.name + ".part")
    shutil.copyfile(template, partial)
    connection.close()
    connection.settings_dict["NAME"] = str(partial)
    block: Any = transaction.atomic()
    with block:
        _fill(content, password)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    os.replace(partial, path)


def _fill(content: dict[str, Any], password: str) -> None:
    from django.contrib.auth import models as auth
    from django.db.models import F
    from helpdesk import models as helpdesk

    # Django writes managers into the classes as they are made, where no type checker sees them.
    User: Any = auth.User
    FollowUp, PreSetReply, Queue, Ticket, TicketChange = (
        getattr(helpdesk, name) for name in ("FollowUp", "PreSetReply", "Queue", "Ticket", "TicketChange")
    )

    staff = User.objects.create_user(content["staff"], f"{content['staff']}@desk.example", password, is_staff=True)
    inbox = Queue.objects.create(id=1, title=content["inbox"], slug="inbox")
    queues = {
        team["slug"]: Queue.objects.create(id=number, title=team["name"], slug=team["slug"])
        for number, team in enumerate(content["teams"], 2)
    }
    replies = {team["slug"]: team["reply"] for team in content["teams"]}
    PreSetReply.objects.bulk_create(
        PreSetReply(id=number, name=team["preset"], body=team["reply"])
        for number, team in enumerate(content["teams"], 1)
    )
    names = dict(Ticket.STATUS_CHOICES)
    tickets, followups, changes = [], [], []
    for number, row in enumerate([*content["archive"], *content["tickets"]], 1):
        solved = number <= len(content["archive"])
        created = EPOCH + datetime.timedelta(minutes=7 * number)
        status = row["status"] if solved else Ticket.OPEN_STATUS
        reply = replies[row["team"]] if solved else None
        tickets.append(
            Ticket(
                id=number, title=row["title"], description=row["text"], submitter_email=row["email"],
                queue=queues[row["team"]] if solved else inbox, status=status, priority=3, resolution=reply if status != Ticket.OPEN_STATUS else None,
            )
        )  # fmt: skip
        if not solved:
            continue
        followup = len(followups) + 1
        moved = status != Ticket.OPEN_STATUS
        followups.append(
            FollowUp(
                id=followup, ticket_id=number, user=staff, public=True, comment=reply,
                date=created + datetime.timedelta(minutes=90), new_status=status if moved else None,
                title=str(names[status]) if moved else "Comment",
            )
        )  # fmt: skip
        if moved:
            changes.append(
                TicketChange(followup_id=followup, field="Status", old_value="Open", new_value=str(names[status]))
            )
        changes.append(
            TicketChange(followup_id=followup, field="Queue", old_value="1", new_value=str(queues[row["team"]].id))
        )
    Ticket.objects.bulk_create(tickets)
    for ticket in tickets:  # the model stamps every save with the present time; only an update gets past that
        ticket.created = ticket.modified = EPOCH + datetime.timedelta(minutes=7 * ticket.id)
    Ticket.objects.bulk_update(tickets, ["created"], batch_size=400)
    Ticket.objects.update(modified=F("created"))
    FollowUp.objects.bulk_create(followups)
    TicketChange.objects.bulk_create(changes)
