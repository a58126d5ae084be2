"""What a migrated module's import costs the start of a process, and what it must not bring along."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

Python = Callable[..., "subprocess.CompletedProcess[str]"]

PROBE = """
import json, sys, threading, time
before = set(sys.modules)
start = time.process_time()
{statement}
spent = time.process_time() - start
loaded = sorted(set(sys.modules) - before)
print(json.dumps({{"milliseconds": spent * 1000, "loaded": loaded, "threads": threading.active_count()}}))
"""
STATEMENTS = [
    "from outfall_runtime import StagedRegistry, StagedContextLocal, flags",
    "from outfall_runtime import Registry, ContextLocal, StagedRegistry, StagedContextLocal, context, flags",
]
HEAVY = {
    "asyncio", "dataclasses", "difflib", "enum", "importlib", "inspect", "json", "logging", "re", "socket", "typing",
}  # fmt: skip


@pytest.fixture(params=STATEMENTS)
def measured(request: pytest.FixtureRequest, python: Python, tmp_path: Path) -> Dict[str, Any]:
    """The median of seven imports as an installed package has them: already compiled."""
    compiled = {"PYTHONPYCACHEPREFIX": str(tmp_path / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    probe = PROBE.format(statement=request.param)
    runs = [json.loads(python(probe, environment=compiled).stdout) for _ in range(8)][1:]
    return {**runs[0], "milliseconds": statistics.median(run["milliseconds"] for run in runs)}


def test_the_import_that_migrated_code_makes_takes_under_20_ms(measured: Dict[str, Any]) -> None:
    assert measured["milliseconds"] < 20


def test_the_import_loads_nothing_heavy_nothing_foreign_and_starts_nothing(measured: Dict[str, Any]) -> None:
    roots = {name.partition(".")[0] for name in measured["loaded"]}
    assert HEAVY & roots == set()
    assert measured["threads"] == 1
    if sys.version_info >= (3, 10):
        assert roots - {"outfall_runtime"} <= sys.stdlib_module_names


SUBINTERPRETER = """
try:
    import _interpreters
    run = _interpreters.exec
except ImportError:
    import _xxsubinterpreters as _interpreters
    run = _interpreters.run_string
inside = _interpreters.create()
failed = run(inside, '''
from outfall_runtime import ContextLocal, Registry, context, emit, events, span
Registry("app.table")["a"] = 1
ContextLocal("app.local", "user").user = "ada"
heard = []
events.attach("a", heard.append, inline=True)
with context.use(request="r-17"), span("outer"), span("inner") as inner:
    assert emit("a")
assert [one.span.span_id for one in heard] == [inner.context.span_id]
''')
_interpreters.destroy(inside)  # 3.14 warns of one that is left
print(failed)
"""


def test_everything_works_in_a_subinterpreter(python: Python) -> None:
    """Python 3.12.1 and 3.13.0 leave `Token.MISSING` out there."""
    done = python(SUBINTERPRETER)
    assert (done.returncode, done.stdout, done.stderr) == (0, "None\n", "")
