"""What a state is for, told by how it is used."""

from __future__ import annotations

import pytest

from outfall_lint.model import Kind

COUNT = "def hit(k):\n    _it[k] += 1\n"
FROM_ZERO = "def hit(k):\n    if k not in _it:\n        _it[k] = 0\n    _it[k] += 1\n"
TABLES = {
    "entries joined to": ("_it = {}\n\ndef hit(k, more):\n    _it[k] += more\n", Kind.REGISTRY),
    "lists that grow": ("_it = {}\n\ndef hit(k, v):\n    _it[k] += [v]\n", Kind.REGISTRY),
    "counted up, and given by callers": (f"_it = {{}}\n\n{COUNT}\ndef put(k, v):\n    _it[k] = v\n", Kind.REGISTRY),
    "counted up": (f"from collections import defaultdict\n\n_it = defaultdict(int)\n\n{COUNT}", Kind.COUNTER),
    "counted up from 0": (f"_it = {{}}\n\n{FROM_ZERO}", Kind.COUNTER),
    "counted up and forgotten": (f"_it = {{}}\n\n{COUNT}\ndef forget(k):\n    del _it[k]\n", Kind.COUNTER),
    "made where it is absent": ("_it = {}\n\ndef get(k):\n    if k not in _it:\n        _it[k] = load(k)\n    return _it[k]\n", Kind.CACHE),
}


@pytest.mark.parametrize("case", TABLES)
def test_the_kind_of_a_table(project, case: str) -> None:
    text, kind = TABLES[case]
    assert [state.kind for state in project(text).states] == [kind]
