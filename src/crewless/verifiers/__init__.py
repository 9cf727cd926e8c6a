"""Independent checks that the world really changed: readers of the system of record, never of a worker's screen."""

from crewless.verifiers.database import DatabaseVerifier
from crewless.verifiers.record import Change, Gain, Record, load_record

__all__ = ["Change", "DatabaseVerifier", "Gain", "Record", "load_record"]
