"""A program that lies: some saves show a page that looks saved, and nothing is written.

The save is really carried out, the ticket's page is drawn from it, and then the transaction is rolled back. What the
screen shows is therefore pixel for pixel what an honest save shows; only the database tells.
"""

import copy
import random
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve


def lies_about(ticket: int, *, share: float, seed: int) -> bool:
    """Whether saves of this ticket are lies. The same answer every time for the same arguments."""
    return random.Random(f"lying/{seed}/{ticket}").random() < share


def lying_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django middleware; must be the innermost, so that the session is real even when the save is not."""

    def respond(request: HttpRequest) -> HttpResponse:
        ticket = _saved_ticket(request)
        if ticket is None or not lies_about(ticket, share=settings.LYING_SHARE, seed=settings.LYING_SEED):
            return get_response(request)
        block: Any = transaction.atomic()
        with block:
            response = get_response(request)
            if response.status_code == 302:
                response = _draw(request, response["Location"])
            transaction.set_rollback(True)
        return response

    return respond


def _saved_ticket(request: HttpRequest) -> int | None:
    if request.method != "POST":
        return None
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None
    return match.kwargs["ticket_id"] if match.view_name == "helpdesk:update" else None


def _draw(request: HttpRequest, address: str) -> HttpResponse:
    view = resolve(address.partition("?")[0])
    get: Any = copy.copy(request)
    get.method = "GET"
    get.GET = QueryDict()
    get.POST = QueryDict()
    return view.func(get, *view.args, **view.kwargs)
