"""Facts as text and back: equal facts, and none at all where they would be others now."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

import outfall_lint
from outfall_lint import stored
from outfall_lint.collect import collect
from outfall_lint.discovery import File
from outfall_lint.facts import ModuleFacts
from outfall_lint.source import Source

PACKAGE = Path(outfall_lint.__file__).parent
SNIPPETS = [
    text
    for name in ("near_misses.txt", "hits.txt", "unseen.txt")
    for text in re.split(r"^### .*\n", (PACKAGE.parents[1] / "tests/lint/snippets" / name).read_text("utf-8"), flags=re.MULTILINE)
]
OWN = frozenset({"app", "outfall_lint"})


def facts_of(text: str, own: frozenset[str] = OWN, file: File = File("app.py", "app")) -> ModuleFacts:
    facts = collect(Source(file.path, text), file, own)
    assert isinstance(facts, ModuleFacts)
    return facts


def round_trip(facts: ModuleFacts, own: frozenset[str] = OWN, now: frozenset[str] = OWN) -> ModuleFacts | None:
    return stored.from_text(stored.to_text(facts, own), now)


def test_facts_come_back_as_they_were() -> None:
    sources = [path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))]
    for text in (*SNIPPETS, *sources, "name = '\\ud800'\ndef f(): global name; name = '\U0001f600'\n", ""):
        facts = facts_of(text)
        again = round_trip(facts)
        assert again == facts
        assert repr(again) == repr(facts)  # named tuples equal plain ones, and True equals 1


def test_the_text_is_one_line_of_ascii() -> None:
    for text in SNIPPETS:
        line = stored.to_text(facts_of(text), OWN)
        assert line.isascii()
        assert "\n" not in line


def test_what_a_field_may_hold_is_what_the_text_can_give_back() -> None:
    """A new field of facts, or of what they are made of, either is of a known form or is added to `stored`."""
    flat = {str, int, bool, str | None, tuple[str, ...], tuple[str, ...] | None, tuple[int, int, int, int], tuple[int, int, int, int] | None}
    for cls in stored._ROWS.values():
        assert {name for name, hint in get_type_hints(cls).items() if hint not in flat} == set(), cls
    rows = {name: tuple[cls, ...] for name, cls in stored._ROWS.items()}
    hints = get_type_hints(ModuleFacts)
    others = {field.name for field in fields(ModuleFacts)} - {"uses", *rows}
    assert {name for name in others if hints[name] not in {*flat, tuple[tuple[str, str], ...]}} == set()
    assert {name: hints[name] for name in rows} == rows


@pytest.mark.parametrize(
    ("text", "own", "now", "hold"),
    [
        ("import lib\ndef f(): lib.STATE[1] = 2\n", {"app"}, {"app", "lib"}, False),  # reads of `lib` matter now
        ("import lib\ndef f(): lib.STATE[1] = 2\n", {"app", "lib"}, {"app"}, False),
        ("def f():\n    from lib.part import x\n    return x\n", {"app"}, {"app", "lib"}, False),
        ("from lib import Base\nclass A(Base): pass\n", {"app"}, {"app", "lib"}, False),
        ("class A(lib.Base): pass\n", {"app"}, {"app", "lib"}, False),  # a name from nowhere
        ("import lib\ndef f(): lib.STATE[1] = 2\n", {"app"}, {"app", "other"}, True),
        ("from . import x\ndef f(): x[1] = 2\n", {"app"}, {"app", "lib"}, True),
    ],
)
def test_facts_hold_while_the_modules_they_lead_to_are_the_same_ones(
    text: str, own: set[str], now: set[str], hold: bool
) -> None:
    file = File("app/part.py", "app.part", in_package=True)
    then = facts_of(text, frozenset(own), file)
    again = round_trip(then, frozenset(own), frozenset(now))
    assert again == (then if hold else None)
    if hold:
        assert facts_of(text, frozenset(now), file) == then


@pytest.mark.parametrize(
    "other",
    [
        (Source("app.py", "x = 2\n"), File("app.py", "app")),  # of the same size
        (Source("lib.py", "x = 1\n"), File("lib.py", "lib")),
        (Source("app.py", "x = 1\n"), File("app.py", "src.app", ("app",))),
        (Source("app.py", "x = 1\n"), File("app.py", "app", is_package=True)),
        (Source("app.py", "x = 1\n"), File("app.py", "app", in_package=True)),
    ],
)
def test_another_text_or_name_has_another_key(other: tuple[Source, File]) -> None:
    assert stored.key_of(*other) != stored.key_of(Source("app.py", "x = 1\n"), File("app.py", "app"))


def test_an_edition_ends_with_any_change_to_the_linter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def edition_of(sources: dict[str, str], version: str = "3.11.7") -> str:
        for path in tmp_path.iterdir():
            path.unlink()
        for name, text in sources.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        monkeypatch.setattr(stored, "__file__", str(tmp_path / "stored.py"))
        monkeypatch.setattr(sys, "version", version)
        stored.edition.cache_clear()
        return stored.edition()

    try:
        first = edition_of({"walk.py": "a", "names.py": "b"})
        assert edition_of({"walk.py": "a", "names.py": "b"}) == first
        assert edition_of({"walk.py": "a", "names.py": "c"}) != first
        assert edition_of({"walk.py": "a", "moved.py": "b"}) != first
        assert edition_of({"walk.py": "a", "names.py": "b"}, "3.11.8") != first
        with pytest.raises(FileNotFoundError):
            edition_of({})
    finally:
        stored.edition.cache_clear()
