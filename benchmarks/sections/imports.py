"""What importing the runtime adds to a start of the interpreter.

A child process does nothing but time one import, so that modules loaded here do not hide a cost.
It times `import json` beside it: a package of the standard library that every service loads.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.table import Row
from benchmarks.timing import Ratio

TITLE = "import of the runtime"
ROUNDS = 11
STATEMENTS = {
    "import outfall_runtime": "import outfall_runtime",
    "import all that a service uses": "from outfall_runtime import Registry, ContextLocal, StagedRegistry, StagedContextLocal, context, flags",
}


def rows(quick: bool) -> list[Row]:
    """CPU milliseconds of each import, and the same import in units of `import json`."""
    measured: list[Row] = []
    for name, statement in STATEMENTS.items():
        pairs = [(timed(statement), timed("import json")) for _ in range(3 if quick else ROUNDS)]
        measured.append(Row(name, Ratio.of([(cost, 1.0) for cost, _ in pairs]), "CPU millisecond", 20))
        measured.append(Row(name, Ratio.of(pairs), "import json"))
    return measured


def timed(statement: str) -> float:
    """CPU milliseconds of one statement, the first that a fresh interpreter runs."""
    code = f"import time; start = time.process_time(); {statement}; print((time.process_time() - start) * 1000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)
