"""The runtime sits in production start-up: it must load nothing foreign and be quick about it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

PROBE = """
import sys, time, json
before = set(sys.modules)
start = time.process_time()
import outfall_runtime
spent = time.process_time() - start
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps({"seconds": spent, "roots": sorted(roots)}))
"""


def probe() -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_import_loads_the_standard_library_only() -> None:
    roots = set(probe()["roots"])  # type: ignore[call-overload]
    foreign = {name for name in roots - set(sys.stdlib_module_names) if not name.startswith("outfall_runtime")}
    assert "outfall_runtime" in roots
    assert foreign == set()


def test_import_is_light() -> None:
    assert not {"asyncio", "json", "http", "typing_extensions"} & set(probe()["roots"])  # type: ignore[call-overload]


def test_import_takes_under_20_ms() -> None:
    seconds = statistics.median(float(str(probe()["seconds"])) for _ in range(7))
    assert seconds < 0.020
