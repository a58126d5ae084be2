"""Whatever names stand for each other, a plan comes to its end, and what it writes is Python."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outfall_codemods.migrate import plan_migration
from outfall_lint.config import Config
from outfall_lint.engine import analyse

from ..lint.programs import project

SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("options", [{}, {"direct": True, "idiomatic": True}], ids=["staged", "direct"])
@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_any_program_is_planned_and_stays_one(options: dict[str, bool], seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in project(Random(seed)).items():
            (root / path).write_text(text, encoding="utf-8")
        plan = plan_migration(analyse(["."], Config(), root), Config(), root=root, **options)
        assert all(each.action == "rewrite" or each.reason for each in plan.plans)
        for change in plan.changes:
            if change.path.endswith(".py"):
                compile(change.after, change.path, "exec")
