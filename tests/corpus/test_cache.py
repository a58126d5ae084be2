"""The cache of facts on real projects: a warm run, a cold one and one without say the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Project

pytestmark = pytest.mark.corpus

COMMANDS = (("check", "--strict", "--format", "json"), ("migrate", "--plan", "json"), ("migrate", "--diff"))
_TIME = re.compile(r'"(?:seconds|files_per_second)": [\d.]+')


@pytest.mark.parametrize("project", ["bottle", "humanize"], indirect=True)
def test_cold_warm_and_without_cache(project: Project) -> None:
    for command in COMMANDS:
        cold, warm, none = project.outfall(*command), project.outfall(*command), project.outfall(*command, "--no-cache")
        assert _TIME.sub("", cold.out) == _TIME.sub("", warm.out) == _TIME.sub("", none.out)
        assert (cold.code, cold.err) == (warm.code, warm.err) == (none.code, none.err)
