"""How the service does: figures that are only there when measured, and the rollback that follows from them."""

from __future__ import annotations

import json
import math
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall_runtime import (
    Registry,
    StagedCounterRegistry,
    StagedDequeRegistry,
    StagedListRegistry,
    StagedRegistry,
    StagedSetRegistry,
    _figures,
    _flag_file,
    _guard,
    _histogram,
    _service,
    _stages,
    control,
    flags,
    metrics,
    tables,
)
from outfall_runtime._histogram import Histogram
from outfall_runtime._limits import defaults
from outfall_runtime.errors import BrokenSource

NANOSECONDS = st.integers(min_value=0, max_value=_histogram.MOST)
LIMITS = defaults().thresholds


# -- histograms


@given(NANOSECONDS)
def test_a_bucket_is_never_wider_than_a_sixteenth(value: int) -> None:
    number = _histogram.bucket(value)
    low, high = _histogram.lowest(number), _histogram.lowest(number + 1)
    assert low <= value < high
    assert high - low == 1 or (high - low) * 16 <= low


@given(st.lists(NANOSECONDS, min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_a_quantile_is_that_of_the_sorted_values_within_a_bucket(values: List[int], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = sorted(values)[math.ceil(share * len(values) - 1e-9) - 1]
    assert abs(_histogram.quantile(histogram.counts(), share) * 1e9 - exact) <= exact / 16 + 1


@given(st.lists(st.lists(NANOSECONDS)))
def test_histograms_of_several_processes_add_up(parts: List[List[int]]) -> None:
    histograms = [Histogram() for _ in parts]
    whole = Histogram()
    for histogram, values in zip(histograms, parts):
        for value in values:
            histogram.add(value)
            whole.add(value)
    back = [_histogram.from_json(json.loads(json.dumps(_histogram.as_json(one.counts())))) for one in histograms]
    assert _histogram.added(back) == whole.counts()


def test_no_count_is_lost_between_threads() -> None:
    histogram = Histogram()
    threads = [threading.Thread(target=lambda: [histogram.add(7) for _ in range(20_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert histogram.counts() == {7: 80_000}


@pytest.mark.parametrize("found", [None, [], {"a": 1}, {"1": "x"}, 3])
def test_what_is_no_histogram_counts_nothing(found: object) -> None:
    assert _histogram.from_json(found) == {}
    assert math.isnan(_histogram.quantile({}, 0.5))


def test_a_negative_or_endless_duration_harms_nothing() -> None:
    histogram = Histogram()
    histogram.add(-5)
    histogram.add(1 << 80)
    assert sorted(histogram.counts()) == [0, _histogram.bucket(_histogram.MOST)]


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
    assert sum(_histogram.from_json(found["reads"]).values()) >= _service.PROBES
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
        ([one(service={"window": {"reads": {str(_histogram.bucket(11_000_000)): 200}}})], {}, ["registry_p99_ms"]),
        ([one(service={"window": {"lookups": 1000, "not_found": 60}})], {}, ["not_found_rate"]),
        ([one(service={"window": {"lookups": 1000, "not_found": 60}})], {"not_found_rate": 0.02}, []),
    ],
)
def test_thresholds(processes: List[Dict[str, Any]], baseline: Dict[str, float], breached: List[str]) -> None:
    now = metrics.now()  # the cases are made when tests are collected, which may be long ago
    found = _figures.breaches(_figures.figures([{**each, "updated": now} for each in processes]), baseline, LIMITS)
    assert [breach.name for breach in found] == breached


# -- the rollback that nobody had to type


class Watched:
    """A flag file at stage 3, and processes that report."""

    def __init__(self, folder: Path) -> None:
        self.file = str(folder / "flags.json")
        self.folder = folder / "metrics"
        self.folder.mkdir()
        self.place = {"file": self.file, "folder": str(self.folder)}
        rollout = {"stage": "3", "since": "2026-01-01T00:00:00Z"}
        _flag_file.put(self.file, {"flags": _stages.applied("3", {}), "rollout": rollout}, revision=1, actor="test")
        self.report(one())
        baseline = _figures.baseline(metrics.merge(metrics.read_folder(str(self.folder))[0])["processes"])
        Path(_guard.place(self.file)).write_text(json.dumps(baseline))

    def report(self, *processes: Dict[str, Any]) -> None:
        (self.folder / "one.json").write_text(json.dumps(metrics.evidence(processes)))

    def position(self) -> str:
        return str(_flag_file.read(self.file).rollout["stage"])


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_while_thresholds_are_kept_nothing_happens(watched: Watched) -> None:
    look = _guard.look(timeout=0, **watched.place)
    assert (look.said, look.move, watched.position()) == ("all thresholds are kept", None, "3")


def test_a_breach_takes_back_the_latest_stage_and_only_that(watched: Watched) -> None:
    watched.report(one(errors=100))
    look = _guard.look(timeout=0, **watched.place)
    assert look.move is not None
    assert (look.move.before, look.move.after, watched.position()) == ("3", "2", "2")
    again = _guard.look(timeout=0, **watched.place)
    assert (again.move, again.said.startswith("waiting "), watched.position()) == (None, True, "2")
    entry = control.history(file=watched.file)[0][-1]
    assert (entry["action"], entry["actor"], entry["reason"]) == (
        "automatic", "automatic", "error_rate is 0.1, at most 0.001 is allowed",
    )  # fmt: skip


def test_a_dry_run_only_says_so(watched: Watched) -> None:
    watched.report(one(errors=100))
    look = _guard.look(dry=True, timeout=0, **watched.place)
    assert (look.said, watched.position()) == ("stage 3 (context) would be taken back", "3")


def test_what_was_never_on_is_not_taken_back(watched: Watched) -> None:
    control.rollback("1", reason="x", actor="ada", timeout=0, **watched.place)
    watched.report(one(errors=100))
    assert "nothing is rolled out" in _guard.look(timeout=0, **watched.place).said


def test_two_that_look_at_once_take_back_once(watched: Watched) -> None:
    watched.report(one(errors=100))
    looks: List[_guard.Look] = []
    start = threading.Barrier(8)

    def look() -> None:
        start.wait()
        looks.append(_guard.look(timeout=0, **watched.place))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ([look.move is not None for look in looks].count(True), watched.position()) == (1, "2")


def test_a_broken_baseline_is_named(watched: Watched) -> None:
    Path(_guard.place(watched.file)).write_text('{"format": "outfall-baseline", "version": 1, "figures": {"x": "y"}}')
    with pytest.raises(BrokenSource, match="write it again with `metrics collect`"):
        _guard.look(timeout=0, **watched.place)


SERVICE = """
import os, time
from outfall_runtime import StagedRegistry, flags, metrics
table = StagedRegistry("service.table", {"a": 1})
for number in range(1000):
    metrics.count_request(failed=number % 5 == 0, seconds=0.01)
end = time.monotonic() + 20
while flags.enabled("use_registry") and time.monotonic() < end:
    time.sleep(0.01)
print(flags.mode("use_registry"), table)
"""


def test_a_service_that_does_badly_takes_its_own_stage_back(python: Callable[..., Any], tmp_path: Path) -> None:
    rollout = {"stage": "2", "since": "2026-01-01T00:00:00Z"}
    file = str(tmp_path / "flags.json")
    _flag_file.put(file, {"flags": _stages.applied("2", {}), "rollout": rollout}, revision=1, actor="test")
    document = {"format": "outfall-baseline", "version": 1, "figures": {"error_rate": 0.01}}
    Path(_guard.place(file)).write_text(json.dumps(document))
    environment = {"OUTFALL_FLAG_FILE": "flags.json", "OUTFALL_METRICS_DIR": "metrics", "OUTFALL_METRICS_SECONDS": "0.1"}
    done = python(SERVICE, environment={**environment, "OUTFALL_AUTO_ROLLBACK": "1"})
    assert done.stdout == "legacy {'a': 1}\n", done.stderr
    assert "automatic rollback: stage 2 (registry) was taken back: error_rate is 0.2" in done.stderr


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


def test_a_baseline_is_not_written_over_with_figures_of_the_new_way(
    watched: Watched, python: Callable[..., Any]
) -> None:
    before = Path(_guard.place(watched.file)).read_text()
    place = {"OUTFALL_FLAG_FILE": watched.file, "OUTFALL_METRICS_DIR": str(watched.folder)}
    refused = python("-m", "outfall_runtime", "metrics", "collect", environment=place)
    assert (refused.returncode, Path(_guard.place(watched.file)).read_text()) == (4, before)
    assert "the rollout is at stage 3 (context):\n  these figures are of the new way" in refused.stderr
    assert python("-m", "outfall_runtime", "metrics", "collect", "--out", "x.json", environment=place).returncode == 0
    assert python("-m", "outfall_runtime", "metrics", "collect", "--force", environment=place).returncode == 0


def test_time_is_asked_of_clocks_that_only_go_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    service = _service.Service()
    service.snapshot()
    service.requests.add()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert service.snapshot()["window"]["requests"] == 1
