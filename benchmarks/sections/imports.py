"""What importing the runtime adds to a start of the interpreter.

A child process does nothing but time one import, so that modules loaded here do not hide a cost.
It times `import json` beside it: a package of the standard library that every service loads. All
of it is compiled already, as pip leaves an installed package.
"""

from __future__ import annotations

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from benchmarks.table import Row
from benchmarks.timing import Ratio

TITLE = "import of the runtime"
ROUNDS = 11
STATEMENTS = {
    "import outfall_runtime": "import outfall_runtime",
    "import what migrated code uses": "from outfall_runtime import StagedContextLocal, StagedRegistry, flags",
    "import what moved code uses": "from outfall_runtime import ContextLocal, Registry, context, flags",
}


def rows(quick: bool) -> list[Row]:
    """CPU milliseconds of each import, and the same import in units of `import json`."""
    measured: list[Row] = []
    with TemporaryDirectory() as compiled:
        for name, statement in STATEMENTS.items():
            timed(statement, compiled)  # compiles it
            rounds = 3 if quick else ROUNDS
            pairs = [(timed(statement, compiled), timed("import json", compiled)) for _ in range(rounds)]
            measured.append(Row(name, Ratio.of([(cost, 1.0) for cost, _ in pairs]), "CPU millisecond", 20))
            measured.append(Row(name, Ratio.of(pairs), "import json"))
    return measured


def timed(statement: str, compiled: str) -> float:
    """CPU milliseconds of one statement, the first that a fresh interpreter runs."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    code = f"import time; start = time.process_time(); {statement}; print((time.process_time() - start) * 1000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)
