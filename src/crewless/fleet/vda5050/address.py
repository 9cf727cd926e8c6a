"""Where a broker is: ``mqtt://HOST:PORT``, ``mqtts://`` with TLS. A password stands in no address: addresses are kept in run
folders and seen in lists of processes."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from crewless.core.errors import BadInput
from crewless.core.web import is_this_machine

PORTS = {"mqtt": 1883, "mqtts": 8883}
PASSWORD, AUTHORITY = "CREWLESS_MQTT_PASSWORD", "CREWLESS_MQTT_CA"
"""Environment: the user's password; a file of certificates (PEM) that are trusted instead of the system's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerAddress:
    """A broker's address and how to be let in. Raises BadInput when a password would leave this machine unencrypted."""

    host: str = "127.0.0.1"
    port: int = 1883
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    authority: str = ""
    """File of certificates; empty: those of the system."""

    def __post_init__(self) -> None:
        if self.password and not self.tls and not is_this_machine(self.host):
            raise BadInput(
                f"the password for the broker {self.host} would be sent unencrypted",
                alternatives=[f"mqtts://{self.user}@{self.host}"],
            )

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def context(self) -> ssl.SSLContext | None:
        """For TLS, with the broker's name and certificate checked; None without. Raises BadInput."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.authority or None)
        except OSError as error:
            raise BadInput(
                f"cannot read the certificates in {self.authority}, named by {AUTHORITY}: {error}"
            ) from error


def broker_address(url: str, environ: Mapping[str, str] | None = None) -> BrokerAddress:
    """Read ``mqtt://[USER@]HOST[:PORT]`` or ``mqtts://``; password and certificates come from the environment.

    Raises:
        BadInput: that is no such address, or there is a password in it.
    """
    environ = os.environ if environ is None else environ
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadInput(f"{url!r} is not a broker's address: {error}", alternatives=["mqtt://HOST:1883"]) from error
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or port == 0:
        raise BadInput(
            f"{url!r} is not a broker's address", alternatives=["mqtt://HOST:1883", "mqtts://USER@HOST:8883"]
        )
    if parts.password is not None:
        raise BadInput(
            f"the address of the broker {parts.hostname} contains a password, which would be stored in the run folder",
            alternatives=[f"mqtt://{parts.username}@{parts.hostname} with {PASSWORD} in the environment"],
        )
    return BrokerAddress(
        host=parts.hostname, port=port or PORTS[parts.scheme], user=unquote(parts.username or ""),
        password=environ.get(PASSWORD, "") if parts.username else "", tls=parts.scheme == "mqtts",
        authority=environ.get(AUTHORITY, ""),
    )  # fmt: skip
