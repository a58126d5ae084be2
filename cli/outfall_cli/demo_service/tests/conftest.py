"""Every test starts and ends with nobody connected."""

from collections.abc import Iterator

import pytest

from dispatch import agents


@pytest.fixture(autouse=True)
def nobody_connected() -> Iterator[None]:
    agents.disconnect_all()
    yield
    agents.disconnect_all()
