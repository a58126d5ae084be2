"""Facts as text and back: what a cache keeps of a file.

Hazard: a cache that gives old facts is worse than none. The key holds the file's text and names; `edition`
everything else that facts come from; and which of the modules a file leads to are the project's own is
compared when facts are recalled. The text is JSON, so that reading it runs nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from outfall_lint.discovery import File
from outfall_lint.facts import Aside, Class, Declaration, Function, ModuleFacts, Sighting, Suppression, Use, made
from outfall_lint.source import Source

_ROWS: dict[str, Any] = {
    "declarations": Declaration,
    "functions": Function,
    "classes": Class,
    "suppressions": Suppression,
    "sightings": Sighting,
    "asides": Aside,
}
_FIELDS = tuple(field.name for field in fields(ModuleFacts))


@cache
def edition() -> str:
    """A digest of what facts depend on beside the file: the parser's Python, and this package's own sources.

    Raises FileNotFoundError where there are no sources to tell one edition from the next, as in an archive.
    """
    digest = blake2b(f"{sys.implementation.name} {sys.version}".encode(), digest_size=8)
    sources = sorted(Path(__file__).parent.glob("*.py"))
    if not sources:
        raise FileNotFoundError(f"{Path(__file__).parent} holds no sources")
    for path in sources:
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def key_of(source: Source, file: File) -> str:
    """What names the facts of a text in a file of that name: 8 digits for the path, then 32 for all of it."""
    path = blake2b(file.path.encode(), digest_size=4)
    whole = blake2b(repr(file).encode(), digest_size=16)
    whole.update(source.text.encode("utf-8", "surrogatepass"))
    return path.hexdigest() + whole.hexdigest()


def to_text(facts: ModuleFacts, own: frozenset[str]) -> str:
    """The facts, collected for a project of these top-level modules, as one line of ASCII."""
    document = {name: getattr(facts, name) for name in _FIELDS}
    document["uses"] = _packed(facts.uses)
    return json.dumps([[root for root in facts.roots if root in own], list(document.values())], separators=(",", ":"))


def from_text(text: str | bytes, own: frozenset[str]) -> ModuleFacts | None:
    """The facts again; None where they would be others, because other modules are the project's own now."""
    own_then, values = json.loads(text)
    document = dict(zip(_FIELDS, values, strict=True))
    if own_then != [root for root in document["roots"] if root in own]:
        return None
    for name, value in document.items():
        if name == "uses":
            document[name] = _unpacked(value)
        elif name in _ROWS:
            cls = _ROWS[name]
            document[name] = tuple([made(cls, [tuple(v) if type(v) is list else v for v in row]) for row in value])
        elif type(value) is list:
            document[name] = tuple([tuple(v) if type(v) is list else v for v in value])
    return ModuleFacts(**document)


def _packed(uses: Iterable[Use]) -> list[Any]:
    """Uses without repetition: their targets, functions and what else they may have in common, then the rows."""
    targets: dict[Any, int] = {}
    functions: dict[Any, int] = {}
    others: dict[Any, int] = {}
    rows: list[int] = []
    for use in uses:
        target, verb, span, function, *other = use
        rows.append(targets.setdefault(target, len(targets)))
        rows.append(functions.setdefault(function, len(functions)))
        rows.append(others.setdefault((verb, *other), len(others)))
        rows += span
    return [list(targets), list(functions), list(others), rows]


def _unpacked(packed: list[Any]) -> tuple[Use, ...]:
    targets, functions = [tuple(target) for target in packed[0]], packed[1]
    others = [(verb, rest) for verb, *rest in packed[2]]
    numbers = iter(packed[3])
    found = []
    for target, function, other, line, column, end_line, end_column in zip(*[numbers] * 7, strict=True):
        verb, rest = others[other]
        found.append(made(Use, (targets[target], verb, (line, column, end_line, end_column), functions[function], *rest)))
    return tuple(found)
