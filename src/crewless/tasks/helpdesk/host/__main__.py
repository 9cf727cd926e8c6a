"""``python -m crewless.tasks.helpdesk.host --folder F --port 0``: serve the helpdesk of a folder until stopped.

The folder holds ``seed.json`` (what a fresh database is filled with), ``helpdesk.sqlite3`` (made when it is not there)
and ``host.json`` (``{"port", "pid"}``, written when requests are answered).
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from crewless.tasks.helpdesk.host.settings import secret_key, settings_for, staff_password


def main() -> None:
    """Parse the arguments, seed when needed, serve."""
    parser = argparse.ArgumentParser(prog="crewless.tasks.helpdesk.host", description="django-helpdesk on SQLite")
    parser.add_argument("--folder", type=Path, required=True, help="where the database and the log lie")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--lying-share", type=float, default=0.0, help="share of saves that only look saved")
    parser.add_argument("--lying-seed", type=int, default=0)
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when the parent process is gone")
    arguments = parser.parse_args()
    serve(
        arguments.folder, port=arguments.port, lying_share=arguments.lying_share, lying_seed=arguments.lying_seed,
        until_stdin_closes=arguments.until_stdin_closes,
    )  # fmt: skip


def serve(folder: Path, *, port: int, lying_share: float, lying_seed: int, until_stdin_closes: bool) -> None:
    """Serve until SIGTERM, or until the parent's end of standard input closes."""
    import django
    from django.conf import settings

    database = folder / "helpdesk.sqlite3"
    settings.configure(
        **settings_for(database, secret_key=secret_key(folder), lying_share=lying_share, lying_seed=lying_seed)
    )
    django.setup()
    logging.basicConfig(level=logging.ERROR)
    if not database.exists():
        from crewless.tasks.helpdesk.host.seed import seed_database

        content = json.loads((folder / "seed.json").read_text("utf-8"))
        seed_database(database, content, staff_password(folder))

    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    waitress: Any = import_module("waitress")  # it tells type checkers nothing

    application = _cached_static(StaticFilesHandler(get_wsgi_application()))
    server: Any = waitress.create_server(application, listen=f"127.0.0.1:{port}", threads=8)
    _set_address(f"127.0.0.1:{server.effective_port}")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if until_stdin_closes:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    partial = folder / "host.json.part"
    partial.write_text(json.dumps({"port": server.effective_port, "pid": os.getpid()}))
    os.replace(partial, folder / "host.json")
    print(f"http://127.0.0.1:{server.effective_port}/", flush=True)
    server.run()


def _set_address(domain: str) -> None:
    """The search box answers a ticket number with a redirect to an absolute address, made from this record."""
    from django.contrib.sites import models
    from django.db import connection

    sites: Any = models.Site
    sites.objects.exclude(domain=domain).update(domain=domain)
    connection.close()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _cached_static(application: Callable[..., Any]) -> Callable[..., Iterable[bytes]]:
    """Let the browser keep style sheets and scripts, as a production server would; else every page asks for 20 files."""

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/static/"):
            return application(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("Cache-Control", "max-age=86400")], *rest)

        return application(environ, start)

    return respond


if __name__ == "__main__":
    main()
