"""What a migrated program does is what it did, in every mode: neither a single task nor threads can tell."""

from __future__ import annotations

import contextvars
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outfall_codemods import ledger
from outfall_codemods.change import FileChange
from outfall_codemods.migrate import plan_migration
from outfall_codemods.remove import plan_removal
from outfall_lint.config import Config
from outfall_lint.engine import analyse
from outfall_runtime import flags
from outfall_runtime.testing import isolated

from .behaving import behaviour
from .random_programs import LOCALS, calls, program

SEEDS = st.integers(0, 2**32 - 1)

WAYS = {
    "legacy": {}, "shadow": {}, "new": {}, "enforced": {}, "direct": {"direct": True}, "idiomatic": {"direct": True, "idiomatic": True},
}  # fmt: skip


CONTEXTS = Config(states={f"{module}.{name}": "context" for module in ("app", "state") for name in LOCALS})


def migrated(files: Mapping[str, str], options: dict[str, bool], removed: bool = False, config: Config = Config()) -> Mapping[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        written(root, [FileChange(name, None, text.encode()) for name, text in files.items()])
        written(root, plan_migration(analyse(["."], config, root), config, root=root, **options).changes)
        if removed:
            flags = [flag.name for flag in ledger.load(root, Config().ledger).flags]
            written(root, plan_removal(root, Config(), flags=flags, force="a test").changes if flags else ())
        return {name: (root / name).read_text(encoding="utf-8") for name in files}


def written(root: Path, changes: Sequence[FileChange]) -> None:
    for change in changes:
        (root / change.path).write_bytes(change.after)


@contextmanager
def in_mode(way: str) -> Iterator[None]:
    """States of a test's own, in a mode where the way is one."""
    with isolated():
        if not WAYS[way]:
            flags.set("use_registry", way)
            flags.set("use_context", way)
        yield


def in_threads(files: Mapping[str, str], called: Sequence[tuple[str, object]]) -> list[object]:
    """The behaviour where three threads make the calls in turn, each the ones that fall to it."""
    with ExitStack() as stack:
        pools = [stack.enter_context(ThreadPoolExecutor(1)) for _ in range(3)]
        return behaviour(files, called, [lambda work, pool=pool: pool.submit(work).result() for pool in pools])


def in_tasks(files: Mapping[str, str], called: Sequence[tuple[str, object]]) -> list[object]:
    """The behaviour where three tasks of one thread make the calls in turn: each has a context of its own, as asyncio gives it."""
    return behaviour(files, called, [contextvars.copy_context().run for _ in range(3)])


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_a_migrated_program_behaves_as_before(way: str, seed: int) -> None:
    random = Random(seed)
    files, called = program(random), calls(random)
    before = contextvars.copy_context().run(behaviour, files, called)
    after = migrated(files, WAYS[way])
    with in_mode(way):
        assert contextvars.copy_context().run(behaviour, after, called) == before


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_threads_cannot_tell_either(way: str, seed: int) -> None:
    random = Random(seed)
    files, called = program(random), calls(random, 16)
    before = in_threads(files, called)
    after = migrated(files, WAYS[way])
    with in_mode(way):
        assert in_threads(after, called) == before


@pytest.mark.parametrize("way", ("legacy", "shadow"))
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_tasks_share_what_they_shared_while_the_old_way_answers(way: str, seed: int) -> None:
    random = Random(seed)
    files, called = program(random), calls(random, 16)
    before = in_tasks(files, called)
    after = migrated(files, WAYS[way], config=CONTEXTS)
    with in_mode(way):
        assert in_tasks(after, called) == before


@pytest.mark.parametrize("way", ("new", "direct", "idiomatic"))
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_tasks_are_as_apart_as_threads_were_and_no_more(way: str, seed: int) -> None:
    """Nothing bleeds from one task of a thread into another, and what all threads shared all tasks share.

    (In `enforced` a task that looks for what another one has left is told so by a LegacyStateError.)
    """
    random = Random(seed)
    files, called = program(random), calls(random, 16)
    before = in_threads(files, called)
    after = migrated(files, WAYS[way], config=CONTEXTS)
    assert [text for text in after.values() if "threading.local()" in text] == []
    with in_mode(way):
        assert in_tasks(after, called) == before


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_a_program_without_the_old_way_behaves_as_before(seed: int) -> None:
    random = Random(seed)
    files, called = program(random), calls(random)
    before = contextvars.copy_context().run(behaviour, files, called)
    after = migrated(files, {}, removed=True)
    assert [text for text in after.values() if "Staged" in text] == []
    with isolated():
        assert contextvars.copy_context().run(behaviour, after, called) == before


def test_the_programs_have_what_is_rewritten() -> None:
    """Else nothing would be tested above."""
    targets = ("StagedRegistry(", "StagedListRegistry(", "StagedContextLocal(", "Slot(", "class_slot(", "module_property(")
    texts = ["\n".join(migrated(program(Random(seed)), {}).values()) for seed in range(20)]
    assert [target for target in targets if not any(target in text for text in texts)] == []
