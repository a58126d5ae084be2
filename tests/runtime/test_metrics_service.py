"""How the service does: a figure is there only when it was measured, and what it exceeds is named."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import Registry, StagedCounterRegistry, StagedDequeRegistry, StagedListRegistry, StagedRegistry, StagedSetRegistry, flags, metrics, tables
from outfall_runtime._measures import histogram, service as _service
from outfall_runtime._rollout import figures as _figures
from outfall_runtime._rollout.limits import defaults

LIMITS = defaults().thresholds


# -- one process


def test_a_window_forgets_what_is_older(clock: Callable[[float], None]) -> None:
    service = _service.Service()
    service.snapshot()
    for _ in range(10):
        service.errors.add()
        service.requests.add()
        clock(60.0)
        service.snapshot()
    clock(700.0)
    found = service.snapshot()
    assert (found["requests"], found["errors"]) == (10, 10)
    clock(1.0)
    assert service.snapshot()["window"]["errors"] == 0


def test_growth_is_told_only_after_a_while() -> None:
    hour = [(minute * 60.0, 5_000_000 + minute * 50_000) for minute in range(60)]
    assert _service.growth(hour[:10]) is None
    assert _service.growth([]) is None
    growth = _service.growth(hour)
    assert growth is not None and round(growth) == 3_000_000
    assert _service.growth([(when, 7) for when, _ in hour]) == 0.0


def test_probing_a_table_is_no_access_of_the_service(mode: str) -> None:
    table: StagedRegistry[str, int] = StagedRegistry(f"test_service.{mode}", {"a": 1})
    flags.set("use_registry", mode)
    record = table._outfall.record
    assert record is not None
    service = _service.Service()
    found = service.snapshot()
    assert sum(histogram.from_json(found["reads"]).values()) >= _service.PROBES
    assert (record.reads.total(), dict(table)) == (0, {"a": 1})


@pytest.mark.parametrize("kind", [StagedListRegistry, StagedSetRegistry, StagedDequeRegistry, StagedCounterRegistry])
def test_measuring_or_backing_up_a_sibling_is_no_access_of_the_service(kind: Any, tmp_path: Path) -> None:
    table = kind(f"test_service.{kind.__name__}", initial=["a", "b"])
    flags.set("use_registry", "shadow")
    _service.Service().snapshot()
    tables.backup(tmp_path / "x.json", [f"test_service.{kind.__name__}"])
    tables.restore(tmp_path / "x.json")
    record = table._outfall.record
    assert (record.reads.total(), sum(tally.total() for tally in record.writes.values())) == (0, 0)


def test_a_gauge_that_fails_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    service = _service.Service()
    service.gauges.update(good=lambda: 3, bad=lambda: 1 // 0)
    found = service.snapshot()["gauges"]
    assert (found.get("good"), "bad" in found) == (3.0, False)
    assert "gauge 'bad' failed: ZeroDivisionError" in caplog.text


def test_snapshots_name_tables_and_never_their_values() -> None:
    table: Registry[str, str] = Registry("test_service.secretive", {"secret-key": "secret-value"})
    text = json.dumps(_service.Service().snapshot())
    assert ("secret" in text.replace("secretive", ""), "test_service.secretive" in text, len(table)) == (False, True, 1)


# -- the service as a whole


def one(requests: int = 1000, errors: int = 0, **more: Any) -> Dict[str, Any]:
    """A process that runs on another machine."""
    counts = {"requests": requests, "errors": errors, "lookups": 0, "not_found": 0, "latency": {}, "reads": {"100": 500}}
    tables = {"number": 1, "entries": 10, "bytes": 1_000_000, "growth": 0.0, "largest": {}}
    service = {**counts, "window": {"seconds": 600, **counts}, "tables": {**tables, **more.pop("tables", {})}, "gauges": {}}
    service.update(more.pop("service", {}))
    found = {"host": "web", "pid": 7, "machine": "elsewhere", "started": metrics.now(), "updated": metrics.now()}
    return {**found, "states": {}, "service": service, **more}


def test_what_was_not_measured_has_no_figure() -> None:
    found = _figures.figures([one(requests=5, service={"tables": None, "window": {"requests": 5}})])
    assert found == {"processes": 1.0, "requests": 5.0}
    assert _figures.breaches(found, {}, LIMITS) == []


def test_ended_processes_do_not_count_for_now() -> None:
    ended = [one(ended="exit"), one(updated="2026-01-01T00:00:00Z")]
    assert _figures.figures(ended) == {"processes": 0.0, "requests": 0.0}
    assert [_figures.fate(process) for process in ended] == ["exit", "silent"]


BASELINE = {"processes": 2.0, "error_rate": 0.01}


@pytest.mark.parametrize(
    ("processes", "baseline", "breached"),
    [
        ([one()], {}, []),
        ([one(), one()], BASELINE, []),
        ([one(errors=12)], BASELINE, []),
        ([one(errors=13)], BASELINE, ["error_rate"]),
        ([one(errors=99)], {}, []),
        ([one(requests=99, errors=99)], BASELINE, []),
        ([one(errors=1)], {"error_rate": 0.0}, []),
        ([one(errors=2)], {"error_rate": 0.0}, ["error_rate"]),
        ([one()] * 3, BASELINE, []),
        ([one()] * 4, BASELINE, ["processes"]),
        ([one(tables={"bytes": 501_000_000})], {}, ["tables_mb"]),
        ([one(tables={"growth": 1.1e6}), one()], {}, ["growth_mb_per_hour"]),
        ([one(tables={"growth": None})], {}, []),
        ([one(service={"gauges": {"batch_lag_seconds": 61.0}})], {}, ["batch_lag_seconds"]),
        ([one(service={"gauges": {"events_lost": 5.0}})], {}, []),
        ([one(service={"window": {"reads": {str(histogram.bucket(11_000_000)): 200}}})], {}, ["registry_p99_ms"]),
        ([one(service={"window": {"lookups": 1000, "not_found": 60}})], {}, ["not_found_rate"]),
        ([one(service={"window": {"lookups": 1000, "not_found": 60}})], {"not_found_rate": 0.02}, []),
    ],
)
def test_thresholds(processes: List[Dict[str, Any]], baseline: Dict[str, float], breached: List[str]) -> None:
    now = metrics.now()  # the cases are made when tests are collected, which may be long ago
    found = _figures.breaches(_figures.figures([{**each, "updated": now} for each in processes]), baseline, LIMITS)
    assert [breach.name for breach in found] == breached


def test_the_baseline_is_collected_from_running_processes_only(python: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    place = {"OUTFALL_FLAG_FILE": "flags.json", "OUTFALL_METRICS_DIR": "metrics"}
    none = python("-m", "outfall_runtime", "metrics", "collect", environment=place)
    assert (none.returncode, "no running process reports" in none.stderr) == (2, True)
    (tmp_path / "metrics" / "one.json").write_text(json.dumps(metrics.evidence([one(errors=10), one(ended="exit", pid=8)])))
    done = python("-m", "outfall_runtime", "metrics", "collect", environment=place)
    assert done.returncode == 0, done.stderr
    figures = _figures.read_baseline(str(tmp_path / "flags.baseline.json"))
    assert (figures["processes"], figures["requests"], figures["error_rate"]) == (1.0, 1000.0, 0.01)
    exported = python("-m", "outfall_runtime", "metrics", "export", "--out", "evidence.json", environment=place)
    assert (exported.returncode, exported.stderr) == (0, "evidence.json: 2 processes, 0 states\n")
    shown = python("-m", "outfall_runtime", "metrics", "show", environment=place)
    assert (shown.returncode, "error_rate" in shown.stdout, "1 exit, 1 running" in shown.stdout) == (0, True, True)


def test_time_is_asked_of_clocks_that_only_go_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    service = _service.Service()
    service.snapshot()
    service.requests.add()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert service.snapshot()["window"]["requests"] == 1
