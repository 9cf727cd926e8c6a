"""Django's settings for the host, as a function of where its data lies."""

import hashlib
import secrets
from pathlib import Path
from typing import Any


def settings_for(database: Path, *, secret_key: str, lying_share: float = 0.0, lying_seed: int = 0) -> dict[str, Any]:
    """What ``django.conf.settings.configure`` takes.

    Args:
        database: the SQLite file.
        secret_key: signs sessions; keep it between restarts or every session ends.
        lying_share: share of saves that only look saved, 0 to 1.
        lying_seed: which tickets are lied about.
    """
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    if lying_share > 0:
        middleware.append("crewless.tasks.helpdesk.host.lying.lying_middleware")
    return {
        "SECRET_KEY": secret_key,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["127.0.0.1", "localhost"],
        "INSTALLED_APPS": [
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "django.contrib.sites",
            "django.contrib.humanize",
            "helpdesk",
        ],
        "SITE_ID": 1,
        "MIDDLEWARE": middleware,
        "ROOT_URLCONF": "crewless.tasks.helpdesk.host.urls",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(database),
                "ATOMIC_REQUESTS": True,  # the judge must never see half a save
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                },
            }
        },
        "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
        "USE_TZ": True,
        "STATIC_URL": "/static/",
        "LOGIN_URL": "helpdesk:login",
        "LOGIN_REDIRECT_URL": "helpdesk:list",
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
        "HELPDESK_TEAMS_MODE_ENABLED": False,
        "HELPDESK_API_ENABLED": False,
        "HELPDESK_USE_CDN": False,
        "LYING_SHARE": lying_share,
        "LYING_SEED": lying_seed,
    }


def secret_key(folder: Path) -> str:
    """The folder's own key, made at first use and readable by its owner only."""
    path = folder / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def staff_password(folder: Path) -> str:
    """The staff member's password: random, the same at every start, and on the disk only as Django's hash of it."""
    return hashlib.blake2b(secret_key(folder).encode(), digest_size=6, person=b"staff").hexdigest()
