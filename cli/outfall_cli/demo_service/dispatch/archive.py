"""Every mailed transcript is kept.

A connection of SQLite belongs to the thread that opened it, so each thread has one of its own.
"""

from __future__ import annotations

import sqlite3
import threading

MEMORY = ":memory:"  # a place that ends with its thread

_place = MEMORY
_local = threading.local()


def keep_at(place: str) -> None:
    """The file of the archive, for threads that have not opened it yet."""
    global _place
    _place = place


def keep(trace: str, text: str) -> None:
    """Add a transcript."""
    with connection() as database:
        database.execute("insert into transcripts values (?, ?)", (trace, text))


def count() -> int:
    """How many transcripts there are."""
    (found,) = connection().execute("select count(*) from transcripts").fetchone()
    return int(found)


def connection() -> sqlite3.Connection:
    """This thread's connection, opened when it is first asked for."""
    if not hasattr(_local, "connection"):
        _local.connection = opened(_place)
    return _local.connection


def close() -> None:
    """Close this thread's connection, if it has one."""
    if hasattr(_local, "connection"):
        _local.connection.close()
        del _local.connection


def opened(place: str) -> sqlite3.Connection:
    """A new connection to the archive, which is made if there is none."""
    database = sqlite3.connect(place)
    database.execute("pragma synchronous = off")
    database.execute("create table if not exists transcripts (trace text, text text)")
    return database
