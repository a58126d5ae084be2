"""The pytest fixture of `outfall_runtime.testing`; loaded by name, by test suites only."""

from __future__ import annotations

from typing import Iterator

import pytest

from .testing import isolated


@pytest.fixture
def outfall_isolation() -> Iterator[None]:
    """Tables, contexts and flags are as they were when the test ends."""
    with isolated():
        yield
