"""A load test before or after: how many requests bled, and how long they took."""

from __future__ import annotations

from outfall_reports.fields import Field
from outfall_reports.model import MODES, PERCENTILES, LoadResult

REMEDY = 'A load test holds "label", "mode", "requests", "bled", "seconds" and "latency_ms"'


def recognises(document: dict[str, object]) -> bool:
    return "requests" in document and "bled" in document


def read(root: Field) -> LoadResult:
    """Read one load test; raises `ReportError`."""
    requests, bled = root.get("requests"), root.get("bled")
    if bled.count() > requests.count():
        bled.fail(f"{bled.count()} bled requests of only {requests.count()}")
    latency = root.get("latency_ms")
    return LoadResult(
        label=root.get("label").text(),
        mode=root.get("mode").choice(MODES),
        requests=requests.count(),
        bled=bled.count(),
        seconds=root.get("seconds").amount(),
        latency_ms={name: latency.get(name).amount() for name in PERCENTILES},
    )
