"""How long a command takes until every worker of a pre-fork service has it.

Eight workers are forked from a master that follows a flag file, as those of a pre-fork server are; each
is busy a tenth of the time. A command changes the file and waits for the acknowledgement of all nine
processes. What an operator feels is time on the clock, so here it is seconds, and the worst of the
workers counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import outfall_runtime
from benchmarks.table import Row
from benchmarks.timing import Ratio
from outfall_runtime import control
from outfall_runtime._flags import flag_file
from outfall_runtime._rollout import workers
from outfall_runtime._common.modes import Setting

TITLE = "control: a command to all of 8 workers"
UNIT = "second"
WORKERS = 8
COMMANDS, QUICK_COMMANDS = 40, 3
PATIENCE = 60.0  # seconds
SERVICE = """
import os, sys, time
from outfall_runtime import StagedRegistry
table = StagedRegistry("benchmarks.table")
master = os.getpid()
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        while os.getppid() == master:
            until = time.perf_counter() + 0.002
            while time.perf_counter() < until:
                table["k"] = 1
            time.sleep(0.018)
        os._exit(0)
sys.stdin.read()
"""


def rows(quick: bool) -> list[Row]:
    """The 95th percentile, and the median beside it."""
    with tempfile.TemporaryDirectory() as folder:
        spent = commands(Path(folder), QUICK_COMMANDS if quick else COMMANDS)
    return [
        Row("median", around(spent, 0.5), UNIT),
        Row("95th percentile", around(spent, 0.95), UNIT, 1.5),
    ]


def around(spent: list[float], share: float) -> Ratio:
    """A quantile, with those of the halves before and after it as its spread."""
    parts = [spent[: len(spent) // 2], spent, spent[len(spent) // 2 :]]
    found = [quantile(part, share) for part in parts if part]
    return Ratio(quantile(spent, share), min(found), max(found))


def quantile(spent: list[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    ordered = sorted(spent)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def commands(folder: Path, count: int) -> list[float]:
    """Seconds until all processes had it, for each of so many commands."""
    file, metrics = str(folder / "flags.json"), str(folder / "metrics")
    flag_file.put(file, {"flags": {}}, revision=1, actor="benchmarks")
    environment = {**os.environ, "OUTFALL_FLAG_FILE": file, "OUTFALL_METRICS_DIR": metrics, "PYTHONWARNINGS": "ignore"}
    environment["PYTHONPATH"] = str(Path(outfall_runtime.__file__).parents[1])
    service = subprocess.Popen([sys.executable, "-c", SERVICE, str(WORKERS)], env=environment, stdin=subprocess.PIPE)
    try:
        wait_for_workers(metrics, file)
        return [command(file, metrics, number) for number in range(count)]
    finally:
        assert service.stdin is not None
        service.stdin.close()
        service.wait(PATIENCE)


def wait_for_workers(metrics: str, file: str) -> None:
    end = time.monotonic() + PATIENCE
    while len(workers.living(metrics, file)[0]) < WORKERS + 1:
        if time.monotonic() > end:
            raise TimeoutError(f"not all of {WORKERS} workers said that they are there")
        time.sleep(0.05)


def command(file: str, metrics: str, number: int) -> float:
    """One command, begun at no particular moment between two looks of a worker."""
    time.sleep(number % 7 / 20)
    mode = Setting("shadow" if number % 2 else "legacy")
    begun = time.perf_counter()
    move = control.set_flags({"use_registry": mode}, actor="benchmarks", file=file, folder=metrics, timeout=PATIENCE)
    spent = time.perf_counter() - begun
    if move.reach is None or move.reach.missing or len(move.reach.reached) != WORKERS + 1:
        raise AssertionError(f"{move.reach} is not all of {WORKERS} workers")
    return spent
