"""Independent checks that the world really changed: readers of the system of record, never of a worker's screen."""

from crewless.verifiers.database import DatabaseVerifier
from crewless.verifiers.declaration import Change, Gain, Record, load_record

__all__ = ["Change", "DatabaseVerifier", "Gain", "Record", "load_record"]
