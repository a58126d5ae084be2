"""Check, migrate, every mode, remove-legacy on real projects: no test that passed may fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Project

pytestmark = pytest.mark.corpus

PROJECTS = ["bottle", "humanize"]
MODES = ["legacy", "shadow", "new", "enforced"]


def flags(mode: str) -> tuple[str, str]:
    return "--env", f"OUTFALL_FLAGS=use_registry={mode},use_context={mode}"


def rewritten_targets(plan_json: str) -> set[str]:
    plans: list[dict[str, Any]] = json.loads(plan_json)["plans"]
    return {plan["target"] for plan in plans if plan["action"] == "rewrite"}


@pytest.mark.parametrize("project", PROJECTS, indirect=True)
def test_the_whole_way(project: Project) -> None:
    checked = project.outfall("check", "--format", "json")
    assert checked.code == 1, checked.err
    findings = json.loads(checked.out)["findings"]

    planned = project.outfall("migrate", "--plan=json")
    plans = json.loads(planned.out)["plans"]
    assert {plan["state"] for plan in plans} >= {finding["state"] for finding in findings}
    assert all(plan["reason"] for plan in plans if plan["action"] == "decline")
    assert rewritten_targets(planned.out) >= {"StagedRegistry", "StagedContextLocal"}

    migrated = project.outfall("migrate")
    assert migrated.code == 0, migrated.out + migrated.err
    project.commit("migrated")
    again = project.outfall("migrate", "--check")
    assert again.code == 0, "a second migrate would change something: " + again.out

    for mode in MODES:
        result = project.tests(mode, "--against", "baseline", *flags(mode))
        assert result["regressed"] == [], mode
        scopes = project.tests(f"probes-{mode}", "--probes", *flags(mode))
        assert scopes["agrees_with_manifest"], (mode, scopes["not_passed"])

    refused = project.outfall("remove-legacy", "--flag", "use_registry", "--flag", "use_context")
    assert refused.code == 4, "removal without evidence must be refused: " + refused.out
    reason = "run over a corpus project, which has no production"
    removed = project.outfall("remove-legacy", "--flag", "use_registry", "--flag", "use_context", "--force", reason)
    assert removed.code == 0, removed.out + removed.err

    result = project.tests("removed", "--against", "baseline")
    assert result["regressed"] == []
    scopes = project.tests("probes-removed", "--probes")
    assert scopes["agrees_with_manifest"], scopes["not_passed"]
    sources = [path for path in project.tree.rglob("*.py") if ".outfall" not in path.parts]
    assert [path for path in sources if "Staged" in path.read_text("utf-8")] == []
