"""From subjects to the text of the probe: only the laws and helpers that these subjects need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import resources

from ..edits import quoted
from ..other_files import PROBE
from .subjects import Scope, Subject, Uncovered

_WIDTH = 120
_LAWS = (
    ("threads", (Scope.CONTEXT, Scope.THREAD)),
    ("contexts", (Scope.CONTEXT,)),
    ("resources", (Scope.RESOURCE,)),
    ("instances", (Scope.INSTANCE,)),
    ("tables", (Scope.TABLE,)),
    ("slots", (Scope.SLOT,)),
    ("lazies", (Scope.LAZY,)),
)
_MEANING = {
    Scope.CONTEXT: "Each thread has its own; from mode new on, each task.",
    Scope.RESOURCE: "Each thread opens one of its own, which its tasks share.",
    Scope.THREAD: "Each thread has its own; the migration leaves them as they are.",
    Scope.INSTANCE: "How to make one that holds its own, under which name, and one of its attributes.",
    Scope.TABLE: "One for the whole process, changed in place.",
    Scope.SLOT: "One value for the whole process, replaced as a whole.",
    Scope.LAZY: "Made by whoever asks first, once for the whole process.",
}
_FROM = {
    "ThreadPoolExecutor": "from concurrent.futures import ThreadPoolExecutor",
    "NamedTuple": "from typing import NamedTuple",
}
_MODULES = ("asyncio", "gc", "importlib", "threading", "weakref")
_VALUES = (Scope.CONTEXT, Scope.THREAD)
_CHUNK = re.compile(r"^(?:class|def) (\w+)", re.MULTILINE)


def rendered(subjects: Sequence[Subject], uncovered: Sequence[Uncovered]) -> str:
    """The whole file; it depends on nothing but the subjects, so that a second run writes the same."""
    scopes = {subject.scope for subject in subjects}
    laws = [_part(name) for name, of in _LAWS if scopes & set(of)]
    tables = [_table(scope, subjects) for scope in Scope if scope in scopes]
    values = [scope.value for scope in _VALUES if scope in scopes]
    if values:
        joined = f"{{{', '.join(f'**{name}' for name in values)}}}"
        tables.append(f"VALUES = {joined if values[1:] else values[0]}\n")
    parts = [*tables, _part("modes"), *laws]
    helpers = _helpers("\n".join(parts))
    body = "\n\n".join([*parts, *helpers])
    catches = "LegacyStateError" in body
    head = [_docstring(scopes, uncovered), _imports(body), _modes(catches), *tables, ""]
    return "\n".join([*head, "\n\n".join([_part("modes"), *laws, *helpers])])


def _part(name: str) -> str:
    return resources.files(__package__).joinpath("parts", f"{name}.txt").read_text(encoding="utf-8")


def _docstring(scopes: set[Scope], uncovered: Sequence[Uncovered]) -> str:
    lines = [
        '"""Who shares which state: the whole process, one thread, or one task.',
        "",
        f"{PROBE}; from now on it is yours. It passes before the migration, in every",
        "mode of it, and after `outfall remove-legacy`.",
    ]
    if scopes & {Scope.CONTEXT, Scope.LAZY}:
        lines[-1] += " What the migration is meant to change is stated as it"
        lines += ["shall be, and is an expected failure (xfail) as long as the old way answers: `pytest -rxX` shows which."]
    if uncovered:
        lines += ["", "Not covered:", *(f"- {each.name}: {each.reason}" for each in uncovered)]
    return "\n".join([*lines, '"""', "", "# mypy: ignore-errors", ""])


def _imports(body: str) -> str:
    plain = [f"import {name}" for name in _MODULES if re.search(rf"\b{name}\.", body)]
    abstract = [name for name in ("MutableMapping", "MutableSet") if name in body]
    lines = [f"from collections.abc import {', '.join(abstract)}"] if abstract else []
    lines += [line for name, line in _FROM.items() if re.search(rf"\b{name}\b", body)]
    return "\n".join([*plain, *sorted(lines), "", "import pytest", ""])


def _modes(catches: bool) -> str:
    names = "LegacyStateError, flags" if catches else "flags"
    missing = "flags, LegacyStateError = None, ()" if catches else "flags = None"
    return (
        f"try:\n    from outfall_runtime import {names}\n"
        f"except ImportError:  # before the migration\n    {missing}\n\n"
        'MODES = ["legacy", "shadow", "new", "enforced"] if flags else ["before"]\n'
    )


def _table(scope: Scope, subjects: Iterable[Subject]) -> str:
    rows = sorted((each.name, each.expression) for each in subjects if each.scope is scope)
    entries = "".join(_entry(name, expression) for name, expression in rows)
    return f"# {_MEANING[scope]}\n{scope.value} = {{\n{entries}}}\n"


def _entry(name: str, expression: str) -> str:
    line = f"    {quoted(name)}: {expression},\n"
    if len(line) <= _WIDTH + 1 or not expression.startswith("lambda: "):
        return line
    return f"    {quoted(name)}: (\n        {expression}\n    ),\n"


def _helpers(text: str) -> list[str]:
    """The helpers that the text uses, and those that these use, in the order in which they are written."""
    chunks = {_name(chunk): chunk for chunk in re.split(r"\n{3,}", _part("helpers").strip())}
    used: set[str] = set()
    waiting = [text]
    while waiting:
        words = set(re.findall(r"\w+", waiting.pop()))
        for name in (words & chunks.keys()) - used:
            used.add(name)
            waiting.append(chunks[name])
    return [chunk + "\n" for name, chunk in chunks.items() if name in used]


def _name(chunk: str) -> str:
    found = _CHUNK.search(chunk)
    assert found is not None
    return found.group(1)
