"""How late the unlucky reads are: the 99.9th percentile with eight readers and one writer.

Every read is timed by itself; what the clock costs (its own median) is taken off. A round runs
the plain dict and the registry in turn, each with its writer adding and deleting all the while.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import MutableMapping

from benchmarks.table import Row
from benchmarks.timing import Ratio
from outfall_runtime import Registry, StagedRegistry, flags

TITLE = "reads under contention: 99.9th percentile, 8 readers and 1 writer"
UNIT = "the same of a plain dict"
READERS = 8
READS = 20_000
QUICK_READS = 500
ROUNDS = 5
Table = MutableMapping[str, int]


def rows(quick: bool) -> list[Row]:
    """A registry, and a staged one in `new`, beside a plain dict."""
    reads, rounds = (QUICK_READS, 2) if quick else (READS, ROUNDS)
    tables: list[tuple[str, Table]] = [
        ("registry read", Registry("benchmarks.contended", {"k": 1})),
        ("staged registry read, new", StagedRegistry("benchmarks.contended_staged", {"k": 1})),
    ]
    with flags.override("use_registry", "new"):
        return [Row(name, Ratio.of(pairs(table, reads, rounds)), UNIT, 10) for name, table in tables]


def pairs(table: Table, reads: int, rounds: int) -> list[tuple[float, float]]:
    """Late reads of the table and of a plain dict, one pair a round."""
    return [(late(table, reads), late({"k": 1}, reads)) for _ in range(rounds)]


def late(table: Table, reads: int) -> float:
    """Nanoseconds that one read in a thousand exceeds."""
    stop = threading.Event()
    samples: list[list[int]] = [[] for _ in range(READERS)]
    readers = [threading.Thread(target=read, args=(table, reads, into)) for into in samples]
    writer = threading.Thread(target=write, args=(table, stop))
    writer.start()
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    stop.set()
    writer.join()
    ordered = sorted(sample for one in samples for sample in one)
    return max(ordered[len(ordered) * 999 // 1000] - clock_cost(), 1.0)


def read(table: Table, reads: int, into: list[int]) -> None:
    """Add the nanoseconds of each read, the clock's own included."""
    now = time.perf_counter_ns
    get = table.get
    for _ in range(reads):
        start = now()
        get("k")
        into.append(now() - start)


def write(table: Table, stop: threading.Event) -> None:
    """Add and delete an entry until told to stop."""
    while not stop.is_set():
        table["other"] = 1
        del table["other"]


def clock_cost() -> float:
    """Nanoseconds between two readings of the clock."""
    readings: list[int] = []
    now = time.perf_counter_ns
    for _ in range(1_000):
        start = now()
        readings.append(now() - start)
    return statistics.median(readings)
