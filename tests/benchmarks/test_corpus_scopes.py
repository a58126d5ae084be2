"""A probe is at fault where it cries without need, and where it misses a wrong copy; the page says both."""

from __future__ import annotations

import pytest
from benchmarks.corpus.page import page
from benchmarks.corpus.scopes import Scopes

WAYS = {"stock": "passed", "new": "passed"}
FAULTS = {
    "holds, and notices": (WAYS, {"shared": "failed: test_a", "context": "passed"}, []),
    "misses a wrong copy": (WAYS, {"per_thread": "passed"}, ["per_thread: not noticed"]),
    "cannot run on a wrong copy": (WAYS, {"shared": "no module named shop"}, ["shared: not noticed"]),
    "cries at a right copy": (WAYS, {"context": "failed: test_a"}, ["context: failed: test_a"]),
    "fails in a mode": ({**WAYS, "shadow": "failed: test_a"}, {}, ["shadow: failed: test_a"]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_a_probe(name: str) -> None:
    ways, copies, faults = FAULTS[name]
    probed = Scopes("shop", 2, ways, copies)
    assert probed.faults == faults
    text = page([], [probed])
    assert all(f"- shop, {fault}" in text for fault in faults)


def test_the_page_tells_what_was_noticed() -> None:
    probed = [
        Scopes("shop", 2, WAYS, {"shared": "failed: test_a", "context": "passed"}),
        Scopes("store", 1, {**WAYS, "new": "failed: test_b"}, {}),
        Scopes("none", 0, {}, {}),
    ]
    text = page([], probed)
    assert "| shop | 2 | in all 2 runs | noticed | – | not noticed |" in text
    assert "| store | 1 | not in new | – | – | – |" in text
    assert "| none |" not in text
