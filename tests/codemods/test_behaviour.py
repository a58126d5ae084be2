"""What a migrated program does is what it did, in every mode; a single thread and task cannot tell."""

from __future__ import annotations

import contextvars
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outfall_codemods.migrate import plan_migration
from outfall_lint.config import Config
from outfall_lint.engine import analyse
from outfall_runtime import flags
from outfall_runtime.testing import isolated

from .behaving import behaviour, calls, program

WAYS = {
    "legacy": {}, "shadow": {}, "new": {}, "enforced": {}, "direct": {"direct": True}, "idiomatic": {"direct": True, "idiomatic": True},
}  # fmt: skip


def migrated(text: str, options: dict[str, bool]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "app.py").write_text(text, encoding="utf-8")
        plan = plan_migration(analyse(["."], Config(), root), Config(), root=root, **options)
        return next((change.after.decode() for change in plan.changes if change.path == "app.py"), text)


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_a_migrated_program_behaves_as_before(way: str, random: Random) -> None:
    text, called = program(random), calls(random)
    before = contextvars.copy_context().run(behaviour, text, called)
    after = migrated(text, WAYS[way])
    with isolated():
        if not WAYS[way]:
            flags.set("use_registry", way)
            flags.set("use_context", way)
        assert contextvars.copy_context().run(behaviour, after, called) == before


def test_the_programs_have_what_is_rewritten() -> None:
    """Else nothing would be tested above."""
    targets = ("StagedRegistry(", "StagedListRegistry(", "StagedContextLocal(", "Slot(", "class_slot(", "module_property(")
    texts = [migrated(program(Random(seed)), {}) for seed in range(20)]
    assert [target for target in targets if not any(target in text for text in texts)] == []
